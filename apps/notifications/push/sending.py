"""Push messages on their way: claimed in sets, encrypted for each browser, sent side by side. Dead subscriptions end."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from apps.core.http import Fetcher, FetchFailed, FetchRefused
from apps.notifications.models import Device, Dispatch, State
from apps.notifications.push import vapid

log = structlog.get_logger()

LEASE = dt.timedelta(minutes=3)
A_CLAIM, SIDE_BY_SIDE = 80, 8
LAST_TRY = 6
KEPT_SECONDS = 24 * 3600
"""For how long a push service keeps a message for a browser that is away."""
_DEAD = (404, 410)
_URGENCY = {"critical": "high", "high": "high", "medium": "normal", "low": "low"}

_CLAIM = """
update notifications_dispatch set attempts = attempts + 1, due_at = %(now)s + %(lease)s
where id in (select id from notifications_dispatch where channel = 'push' and state = 'waiting' and due_at <= %(now)s
  order by due_at limit %(most)s for update skip locked)
returning id
"""


@dataclass(frozen=True)
class Outcome:
    """What a push service said. for_good: trying again is no use."""

    status: int
    error: str
    for_good: bool = False
    wait: float | None = None


def send_due(*, seconds: float = 45.0) -> int:
    """Send what is due, for so many seconds at most; how many were taken. Does nothing where push is off."""
    if not vapid.is_configured():
        return 0
    until = time.monotonic() + seconds
    taken = 0
    with Fetcher(allow_private=settings.OUTBOUND_ALLOW_PRIVATE, timeout_seconds=10) as fetcher:
        while time.monotonic() < until:
            claimed = claim()
            if not claimed:
                break
            taken += send(claimed, fetcher)
    return taken


def claim(*, now: dt.datetime | None = None, most: int = A_CLAIM) -> list[int]:
    """Take messages that are due. Committed at once."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"now": now or timezone.now(), "lease": LEASE, "most": most})
        return [pk for (pk,) in cursor.fetchall()]


def send(claimed: Sequence[int], fetcher: Fetcher) -> int:
    """Send claimed messages side by side and mark each."""
    found = list(Dispatch.objects.select_related("notification", "device").filter(pk__in=claimed, state=State.WAITING))
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        outcomes = list(pool.map(lambda each: _post(each, fetcher), found))
    for dispatch, outcome in zip(found, outcomes, strict=True):
        record(dispatch, outcome)
    return sum(not outcome.error for outcome in outcomes)


def content_of(dispatch: Dispatch) -> bytes:
    """What the service worker shows, as JSON. Its tag makes a repeat replace the first."""
    told = dispatch.notification
    path = f"/notifications/{told.pk}/"
    content = {"id": str(told.pk), "title": told.title, "body": told.body[:300], "url": path, "kind": told.kind}
    return json.dumps(content, ensure_ascii=False).encode()


def _post(dispatch: Dispatch, fetcher: Fetcher) -> Outcome:
    """One try. No database here: it runs in a thread."""
    device: Device | None = dispatch.device
    if device is None:
        return Outcome(0, "the device is gone", for_good=True)
    try:
        body = vapid.encrypted(content_of(dispatch), p256dh=device.p256dh, auth=device.auth)
        headers = {
            "Authorization": vapid.authorization(device.endpoint), "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream", "TTL": str(KEPT_SECONDS),
            "Urgency": _URGENCY[dispatch.notification.priority], "Topic": dispatch.notification.pk.hex[:32],
        }  # fmt: skip
        answer = fetcher.send(device.endpoint, content=body, headers=headers, most_bytes=2000)
    except (FetchRefused, ValueError) as refused:
        return Outcome(0, str(refused), for_good=True)
    except FetchFailed as failed:
        return Outcome(0, str(failed), wait=failed.retry_after)
    if 200 <= answer.status < 300:
        return Outcome(answer.status, "")
    for_good = 400 <= answer.status < 500 and answer.status not in (408, 429)
    return Outcome(answer.status, f"answered {answer.status}", for_good, answer.wait)


@transaction.atomic
def record(dispatch: Dispatch, outcome: Outcome) -> None:
    """Mark what came of one try."""
    now = timezone.now()
    waiting = Dispatch.objects.filter(pk=dispatch.pk, state=State.WAITING)
    if not outcome.error:
        waiting.update(state=State.SENT, sent_at=now, last_error="")
        Device.objects.filter(pk=dispatch.device_id).update(told_at=now)
    elif outcome.status in _DEAD:
        # What else was on its way to this browser goes with it.
        Device.objects.filter(pk=dispatch.device_id).delete()
        log.info("push.subscription_ended", device=str(dispatch.device_id), status=outcome.status)
    elif outcome.for_good or dispatch.attempts >= LAST_TRY:
        waiting.update(state=State.PARKED, last_error=outcome.error[:300])
        log.warning("push.parked", dispatch=dispatch.pk, status=outcome.status)
    else:
        waits = dt.timedelta(seconds=outcome.wait or min(15 * 2**dispatch.attempts, 3600))
        waiting.update(due_at=now + min(waits, dt.timedelta(hours=6)), last_error=outcome.error[:300])


def release(dispatch: Dispatch) -> None:
    """Give a parked message its tries back (an operator's decision)."""
    Dispatch.objects.filter(pk=dispatch.pk, state=State.PARKED).update(
        state=State.WAITING, attempts=0, due_at=timezone.now()
    )
