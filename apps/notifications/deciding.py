"""Which channels a notification takes and when, out of a kind, a member's choices and the hour. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from apps.notifications.kinds import Cadence, Kind, Priority

UTC = dt.UTC


@dataclass(frozen=True)
class Manners:
    """How a member wants to be told; the defaults hold for who never chose. quiet: (from, until) in the member's zone."""

    time_zone: str = "UTC"
    quiet: tuple[dt.time, dt.time] | None = None
    digest_at: int = 8
    is_paused: bool = False


@dataclass(frozen=True)
class Choice:
    """What a member chose for a kind."""

    in_app: bool
    email: Cadence
    push: bool


@dataclass(frozen=True)
class Decision:
    """What is to be done. email_at, push_at: when, None for not at all. held: quiet hours put an e-mail off that would have
    gone out at once.
    """

    in_app: bool
    email: Cadence
    email_at: dt.datetime | None
    push_at: dt.datetime | None
    held: bool = False


def default_choice(kind: Kind) -> Choice:
    """What holds where a member chose nothing."""
    return Choice(True, kind.default_email, kind.default_push)


def allowed(kind: Kind, choice: Choice) -> Choice:
    """The choice as far as it may go: what is required stays in the centre and comes by e-mail."""
    if not kind.required:
        return choice
    return Choice(True, kind.default_email if choice.email is Cadence.OFF else choice.email, choice.push)


@lru_cache(maxsize=20_000)
def decide(kind: Kind, choice: Choice, manners: Manners, now: dt.datetime) -> Decision:
    """What becomes of a notification of this kind at this instant. now: aware.

    A pause holds back e-mail and push of all that is not critical; the centre gathers it. Quiet hours put both off to their
    end, digests too. Critical ones pass both and go out at once.
    """
    choice = allowed(kind, choice)
    if kind.priority is Priority.CRITICAL:
        email = Cadence.OFF if choice.email is Cadence.OFF else Cadence.NOW
        return Decision(choice.in_app, email, now if email is Cadence.NOW else None, now if choice.push else None)
    if manners.is_paused:
        return Decision(choice.in_app, Cadence.OFF, None, None)
    due = digest_due(choice.email, manners, now)
    email_at = None if due is None else after_quiet(due, manners)
    push_at = after_quiet(now, manners) if choice.push else None
    held = choice.email is Cadence.NOW and email_at is not None and email_at > now
    return Decision(choice.in_app, choice.email, email_at, push_at, held)


def digest_due(cadence: Cadence, manners: Manners, now: dt.datetime) -> dt.datetime | None:
    """When e-mail of this cadence goes out: now, at the next full hour, at the next digest hour; None where it is off."""
    if cadence is Cadence.OFF:
        return None
    if cadence is Cadence.NOW:
        return now
    if cadence is Cadence.HOURLY:
        return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + dt.timedelta(hours=1)
    return _next(dt.time(manners.digest_at), manners.time_zone, now)


def is_quiet(at: dt.datetime, manners: Manners) -> bool:
    """Whether the instant lies in the member's quiet hours, which may run past midnight. The end is not quiet."""
    if manners.quiet is None:
        return False
    begin, end = manners.quiet
    clock = at.astimezone(ZoneInfo(manners.time_zone)).time()
    return begin <= clock < end if begin < end else clock >= begin or clock < end


def after_quiet(at: dt.datetime, manners: Manners) -> dt.datetime:
    """The instant itself, or the end of the quiet hours that it lies in."""
    if not is_quiet(at, manners) or manners.quiet is None:
        return at
    return _next(manners.quiet[1], manners.time_zone, at)


def _next(clock: dt.time, zone: str, after: dt.datetime) -> dt.datetime:
    """The next instant after `after` at which clocks of the zone show this time. A time that a change of clocks leaves out
    counts as the hour after it.
    """
    local = after.astimezone(ZoneInfo(zone))
    for days in range(3):
        at = dt.datetime.combine(local.date() + dt.timedelta(days=days), clock, local.tzinfo).astimezone(UTC)
        if at > after:
            return at
    raise AssertionError("a day has every hour within two days")
