"""How the feeds stand: what is on, how the last run went, how old the newest price is, whether a source is left alone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

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
    """One feed. why_off: empty where it runs by itself. newest_at: of all its runs. resting_until: its breaker is open."""

    feed: Feed
    title: str
    why_off: str
    last: FeedRun | None
    newest_at: dt.datetime | None
    resting_until: dt.datetime | None
    now: dt.datetime

    @property
    def state(self) -> str:
        """In a word: off, new, resting, or as the last run stands."""
        if self.why_off:
            return "off"
        if self.resting_until:
            return "resting"
        return self.last.state if self.last else "new"

    @property
    def lag(self) -> dt.timedelta | None:
        """Age of the newest observation; None before the first."""
        return self.now - self.newest_at if self.newest_at else None


def why_off(feed: Feed) -> str:
    """Why a feed does not run by itself, in a sentence; empty where it does."""
    try:
        usable(feed)
    except FeedOff as error:
        return error.message
    return "" if feed.is_on else f"It is switched off: manage.py feed on {feed.slug}, or here in the admin."


def statuses(*, now: dt.datetime | None = None) -> list[FeedStatus]:
    """Every feed with its last run; two queries."""
    now = now or timezone.now()
    of_the_feed = FeedRun.objects.filter(feed=OuterRef("pk"))
    newest = of_the_feed.filter(newest_at__isnull=False).order_by("-newest_at").values("newest_at")[:1]
    last = of_the_feed.order_by("-started_at").values("pk")[:1]
    feeds = list(Feed.objects.annotate(newest=Subquery(newest), last_run=Subquery(last)).order_by("slug"))
    found = FeedRun.objects.in_bulk([feed.last_run for feed in feeds if feed.last_run])
    hosts = {feed.pk: _host(feed) for feed in feeds}
    rests = {host: rests_until(host) for host in set(hosts.values()) if host}
    return [
        FeedStatus(
            feed=feed,
            title=ADAPTERS[feed.kind].title if feed.kind in ADAPTERS else feed.kind,
            why_off=why_off(feed),
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
