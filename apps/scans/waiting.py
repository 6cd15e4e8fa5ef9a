"""The photos that wait to be looked at: whose turn it is, how many come before a scan's, and how long that takes.

Turns are fair between people (start-time fair queueing, Goyal, Vin and Cheng, SIGCOMM 1996, each photo of equal cost): a
photo's turn is one after its owner's last that waits, but never before the turn that is up now. So one member's forty
photos and another's one alternate. A photo that was begun before keeps no turn: it is tried again by itself.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.core.errors import DomainError
from apps.scans.models import Scan, ScanPhoto

log = structlog.get_logger()

_PACE = "scans.seconds_per_photo"
_PACE_KEPT_SECONDS = 24 * 3600
_NEWEST = 0.1  # weight of the latest photo in the pace
_SLOWEST_RETRY = 600


class TooManyWaiting(DomainError):
    """The member has as many photos in the queue as one may have. details: retry_after_seconds."""

    code, status = "TOO_MANY_WAITING", 429


class QueueFull(DomainError):
    """Nobody's photos are taken until the queue is shorter. details: retry_after_seconds."""

    code, status = "QUEUE_FULL", 503


@dataclass(frozen=True)
class Place:
    """Where a scan stands in the queue. before: photos of others that come first; seconds until then, None: not known."""

    before: int
    seconds: int | None

    @property
    def words(self) -> str:
        """The time as people say it; empty where it is not known."""
        if self.seconds is None:
            return ""
        if self.seconds < 8:
            return "a few seconds"
        if self.seconds < 90:
            return f"about {math.ceil(self.seconds / 5) * 5} seconds"
        return f"about {round(self.seconds / 60)} minutes"


def undone() -> QuerySet[ScanPhoto]:
    """Photos that wait or are being looked at."""
    return ScanPhoto.objects.filter(done_at__isnull=True)


def in_turn() -> QuerySet[ScanPhoto]:
    """Photos that nobody has begun with, the next one first."""
    return undone().filter(attempts=0).order_by("turn", "pk")


def of_owner(owner: User | None, visitor_token: str) -> Q:
    """Photos of a member, or of a visitor."""
    return Q(scan__owner=owner) if owner else Q(scan__owner=None, scan__visitor_token=visitor_token)


def next_turn(*, owner: User | None, visitor_token: str) -> int:
    """The turn of the next photo that this person sends."""
    told = in_turn().order_by().aggregate(up=Min("turn"), own=Max("turn", filter=of_owner(owner, visitor_token)))
    return max(told["own"] or 0, (told["up"] or 1) - 1) + 1


def refuse_beyond_limits(count: int, *, owner: User | None, visitor_token: str) -> None:
    """Raise TooManyWaiting or QueueFull where `count` more photos would make the queue too long."""
    told = undone().aggregate(all=Count("pk"), own=Count("pk", filter=of_owner(owner, visitor_token)))
    most = settings.VISION_WAITING_PER_MEMBER
    if told["own"] + count > most:
        if not told["own"]:
            raise TooManyWaiting(f"At most {most} photos at once. Send the others after these.", retry_after_seconds=1)
        raise TooManyWaiting(
            f"{_photos(told['own'])} of yours {'is' if told['own'] == 1 else 'are'} still waiting, and at most {most} may. "
            f"Send these {_when(told['own'] + count - most)}.",
            retry_after_seconds=_retry_after(told["own"] + count - most),
        )
    if told["all"] + count > settings.VISION_WAITING:
        over = told["all"] + count - settings.VISION_WAITING
        raise QueueFull(
            f"Many people are scanning right now, and the queue is full. Keep your photos and send them {_when(over)}: "
            "nothing was stored.",
            retry_after_seconds=_retry_after(over),
        )


def place_of(scan: Scan) -> Place | None:
    """How many photos come before the scan's next one, those in a worker's hands among them; None where none of it waits."""
    first = in_turn().filter(scan=scan).values_list("turn", "pk").first()
    if first is None:
        return None
    turn, pk = first
    earlier = Q(turn__lt=turn) | Q(turn=turn, pk__lt=pk)
    told = undone().aggregate(
        waiting=Count("pk", filter=Q(attempts=0) & earlier),
        begun=Count("pk", filter=Q(attempts__gt=0)),
        begun_own=Count("pk", filter=Q(attempts__gt=0, scan=scan)),
    )
    return Place(
        before=told["waiting"] + told["begun"] - told["begun_own"],
        seconds=_seconds(told["waiting"] + told["begun"], begun=told["begun"]),
    )


def note_pace(seconds: float) -> None:
    """Remember how long one photo took, so that others can be told how long theirs will, and that the queue moves."""
    known = _pace()
    pace = seconds if known is None else (1 - _NEWEST) * known + _NEWEST * seconds
    try:
        cache.set(_PACE, (pace, timezone.now()), _PACE_KEPT_SECONDS)
    except Exception as error:  # noqa: BLE001 - only an estimate is lost
        log.warning("scan.pace_not_kept", error=str(error))


def has_moved_since(at: dt.datetime) -> bool:
    """Whether a photo was done after that instant; no where that is not known."""
    known = _measured()
    return known is not None and known[1] > at


def _measured() -> tuple[float, dt.datetime] | None:
    try:
        return cache.get(_PACE)
    except Exception as error:  # noqa: BLE001 - the place is told without a time
        log.warning("scan.pace_not_known", error=str(error))
        return None


def _pace() -> float | None:
    """Seconds that a worker lately took for a photo; None where nothing was measured."""
    known = _measured()
    return None if known is None else known[0]


def _seconds(photos: int, *, begun: int) -> int | None:
    """Until so many photos are done, by as many workers as are at work."""
    pace = _pace()
    workers = max(1, math.ceil(begun / settings.VISION_BATCH))
    return None if pace is None else math.ceil(photos * pace / workers)


def _retry_after(photos: int) -> int:
    seconds = _seconds(photos, begun=1)
    return min(_SLOWEST_RETRY, max(5, 30 if seconds is None else seconds))


def _when(photos: int) -> str:
    return f"in {Place(photos, _retry_after(photos)).words}"


def _photos(count: int) -> str:
    return f"{count} photo{'' if count == 1 else 's'}"
