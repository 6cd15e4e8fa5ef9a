"""How the feeds stand: what is on, how the last run went, how old the newest price is, whether a source is left alone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import connection
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from apps.core.errors import DomainError
from apps.valuations.feeds.errors import FeedOff
from apps.valuations.feeds.pace import rests_until
from apps.valuations.feeds.registry import ADAPTERS, adapter_of
from apps.valuations.feeds.runs import usable
from apps.valuations.models import Feed, FeedRun


@dataclass(frozen=True)
class FeedStatus:
    """One feed. why_off: empty where it runs by itself; can_run: whether it can be started by hand; is_worked_at: a process
    holds its lock. newest_at: of all its runs. resting_until: its breaker is open.
    """

    feed: Feed
    title: str
    why_off: str
    can_run: bool
    is_worked_at: bool
    last: FeedRun | None
    newest_at: dt.datetime | None
    resting_until: dt.datetime | None
    now: dt.datetime

    @property
    def state(self) -> str:
        """In a word: off, new, resting, stopped (its process died), or as the last run stands."""
        if self.last and self.last.state == FeedRun.State.RUNNING:
            return "running" if self.is_worked_at else "stopped"
        if self.why_off:
            return "off"
        if self.resting_until:
            return "resting"
        return self.last.state if self.last else "new"

    @property
    def words(self) -> str:
        """The state for a reader."""
        if self.state == "resting":
            return f"left alone until {self.resting_until:%H:%M} UTC"
        named = {
            "off": "off",
            "new": "has not run yet",
            "stopped": "stopped on the way; the next run goes on from there",
        }
        return named.get(self.state) or str(FeedRun.State(self.state).label)

    @property
    def told(self) -> str:
        """Why it is off, or what went wrong last; empty where all is well."""
        return self.why_off or (self.last.error if self.last else "")

    @property
    def lag(self) -> dt.timedelta | None:
        """Age of the newest observation; None before the first."""
        return self.now - self.newest_at if self.newest_at else None


def why_off(feed: Feed) -> str:
    """Why a feed does not run by itself, in a sentence; empty where it does."""
    lacking = _lacking(feed)
    return lacking or (
        "" if feed.is_on else f"Switched off. Turn it on on its own page, or by manage.py feed on {feed.slug}."
    )


def _lacking(feed: Feed) -> str:
    try:
        usable(feed)
    except FeedOff as error:
        return error.message
    return ""


# Two-part advisory locks stand as (classid, objid), both unsigned.
_WORKED_AT = """select objid::bigint from pg_locks where locktype = 'advisory' and granted and objsubid = 2
and classid = hashtext('valuations.feed')::oid
and database = (select oid from pg_database where datname = current_database())"""


def _worked_at() -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(_WORKED_AT)
        return {pk for (pk,) in cursor.fetchall()}


def statuses(*, now: dt.datetime | None = None) -> list[FeedStatus]:
    """Every feed with its last run; three queries."""
    now = now or timezone.now()
    of_the_feed = FeedRun.objects.filter(feed=OuterRef("pk"))
    newest = of_the_feed.filter(newest_at__isnull=False).order_by("-newest_at").values("newest_at")[:1]
    last = of_the_feed.order_by("-started_at").values("pk")[:1]
    feeds = list(Feed.objects.annotate(newest=Subquery(newest), last_run=Subquery(last)).order_by("slug"))
    found = FeedRun.objects.in_bulk([feed.last_run for feed in feeds if feed.last_run])
    hosts = {feed.pk: _host(feed) for feed in feeds}
    worked_at = _worked_at()
    rests = {host: rests_until(host) for host in set(hosts.values()) if host}
    return [
        FeedStatus(
            feed=feed,
            title=ADAPTERS[feed.kind].title if feed.kind in ADAPTERS else feed.kind,
            why_off=why_off(feed),
            can_run=not _lacking(feed),
            is_worked_at=feed.pk in worked_at,
            last=found.get(feed.last_run),
            newest_at=feed.newest,
            resting_until=rests.get(hosts[feed.pk]),
            now=now,
        )
        for feed in feeds
    ]


def _host(feed: Feed) -> str:
    try:
        return adapter_of(feed.kind, feed.options).host
    except DomainError:
        return ""
