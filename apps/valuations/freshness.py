"""Whether prices can be up to date: which sources are down, late or left alone now. A read over the feeds' state."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from apps.core import answers
from apps.valuations.feeds import queries as feeds
from apps.valuations.feeds.queries import FeedStatus
from apps.valuations.models import FeedRun
from apps.valuations.sources import SOURCES

LATE_AFTER = 3
"""Paces without a run after which a feed is late: the schedule stands still."""
_ALWAYS = dt.timedelta(hours=2)
# Feeds that bring a source's prices of today. The archive brings days of long ago: prices go on without it.
_SOURCE = {"tcgcsv": "tcgplayer", "ebay-asks": "ebay", "ebay-sales": "ebay", "tcgcsv-archive": ""}


@dataclass(frozen=True)
class SourceDown:
    """A source that does not bring prices now. state: failed, resting (left alone for a while) or late.

    newest_at: the newest price that it brought; None where it never did.
    """

    source: str
    state: str
    newest_at: dt.datetime | None

    @property
    def name(self) -> str:
        """The source's name for a reader."""
        return SOURCES[self.source][0] if self.source in SOURCES else self.source


@dataclass(frozen=True)
class Freshness:
    """How the sources stand. running: how many bring prices by themselves, those that are down included."""

    running: int
    down: tuple[SourceDown, ...]

    @property
    def state(self) -> str:
        """In a word: current, partial (some sources are down) or stale (all that run are)."""
        if not self.down:
            return "current"
        return "stale" if len(self.down) >= self.running else "partial"


def freshness() -> Freshness:
    """How the sources stand, as of a minute ago at most; without a query while that is kept."""
    found = answers.kept(answers.key_of("sources", "freshness"), _look)
    return found.value


def _look() -> Freshness:
    return of_feeds(feeds.statuses(), now=timezone.now())


def of_feeds(statuses: list[FeedStatus], *, now: dt.datetime) -> Freshness:
    """The same from the feeds' state. A source is down where every feed of it is."""
    by_source: dict[str, list[tuple[str, FeedStatus]]] = {}
    for status in statuses:
        source = _source(status)
        if source and not status.why_off and status.last is not None:
            by_source.setdefault(source, []).append((_trouble(status, now), status))
    down = [
        SourceDown(
            source=source,
            state=seen[0][0],
            newest_at=max((status.newest_at for _, status in seen if status.newest_at), default=None),
        )
        for source, seen in sorted(by_source.items())
        if all(trouble for trouble, _ in seen)
    ]
    return Freshness(len(by_source), tuple(down))


def _source(status: FeedStatus) -> str:
    kind = status.feed.kind
    if kind == "csv":
        options = status.feed.options
        return str(options.get("source", "file")) if isinstance(options, dict) else ""
    return _SOURCE.get(kind, kind)


def _trouble(status: FeedStatus, now: dt.datetime) -> str:
    if status.resting_until:
        return "resting"
    last = status.last
    if last is None:
        return ""
    if last.state == FeedRun.State.FAILED:
        return "failed"
    wait = max(LATE_AFTER * dt.timedelta(minutes=status.feed.pace_minutes), _ALWAYS)
    ended = last.ended_at or (now if status.is_worked_at else last.started_at)
    return "late" if now - ended > wait else ""
