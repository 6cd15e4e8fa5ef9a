"""Running a feed: page after page, each stored together with the place to go on from, so that a stop loses and repeats nothing.

One run of a feed at a time: an advisory lock is held while one works (the database frees it however the process dies),
and a unique index allows one run under way.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from apps.core.errors import DomainError
from apps.core.http import Fetcher
from apps.core.rejects import Reject
from apps.valuations.actions import refresh_prices
from apps.valuations.feeds.checks import checked
from apps.valuations.feeds.client import Client, Validator, client_for
from apps.valuations.feeds.errors import FeedBusy, FeedOff
from apps.valuations.feeds.links import link
from apps.valuations.feeds.protocol import Adapter, Cursor, LinkRow, Page, Row
from apps.valuations.feeds.registry import adapter_of
from apps.valuations.importers.loader import MarketReport, load
from apps.valuations.models import Feed, FeedRun

log = structlog.get_logger()

State = FeedRun.State
TRANSITIONS: dict[str, dict[str, str]] = {
    State.RUNNING: {"pause": State.PAUSED, "finish": State.DONE, "fail": State.FAILED},
    State.PAUSED: {"go on": State.RUNNING},
}
"""A run whose process was killed stays `running` until the next one takes it over."""

ROWS_AT_ONCE, PAGES_AT_ONCE = 5000, 25
"""How much is stored in one transaction: what a kill may cost to ask for again."""
RETRY_AFTER = dt.timedelta(minutes=15)
STALE_AFTER = dt.timedelta(days=1)
"""A failed run's place is taken up again for so long; then one begins anew."""


@dataclass
class _Batch:
    """Pages that wait to be stored."""

    rows: list[Row] = field(default_factory=list)
    pages: int = 0
    cursor: Cursor = field(default_factory=dict)
    validators: dict[str, Validator] = field(default_factory=dict)

    def add(self, page: Page, now: dt.datetime) -> None:
        self.rows += [checked(row, now) for row in page.rows]
        self.pages += 1
        self.cursor = page.cursor
        self.validators |= page.validators

    @property
    def is_full(self) -> bool:
        return len(self.rows) >= ROWS_AT_ONCE or self.pages >= PAGES_AT_ONCE


def run(
    *,
    feed: Feed,
    trigger: str,
    seconds: float | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], dt.datetime] = timezone.now,
) -> FeedRun:
    """Run a feed, or go on with the run that is under way; returns it done, failed (with the reason) or paused.

    seconds: after which it pauses between two pages, for a worker that others wait for; None: to its end.
    sleep, clock: how to wait for the source's pace, and what time it is.
    Raises FeedOff (keys or options are missing), FeedBusy (another process is at it).
    """
    adapter = usable(feed)
    with _alone(feed), _fetcher() as fetcher:
        current = _begin(feed, adapter, trigger, clock())
        log.info("feed.run.began", feed=feed.slug, run=str(current.pk), resumed=current.resumed)
        validators = {url: Validator(*each) for url, each in feed.validators.items()}
        client = client_for(adapter.host, adapter.rates, fetcher=fetcher, validators=validators, sleep=sleep)
        work = _Work(feed, adapter, current, client, clock)
        try:
            event = "finish" if work.to_the_end(seconds) else "pause"
        except DomainError as error:
            work.end("fail", error=error.message, until=getattr(error, "until", None))
        except Exception as error:
            log.exception("feed.run.broke", feed=feed.slug, run=str(current.pk))
            work.end("fail", error=f"An error of our own, {type(error).__name__}; it is in the log.")
        else:
            work.end(event)
    return current


def _fetcher() -> Fetcher:
    return Fetcher(
        allow_private=settings.FEEDS_ALLOW_PRIVATE,
        timeout_seconds=settings.FEED_TIMEOUT_SECONDS,
        user_agent=f"CardVault (+{settings.SITE_URL})",
    )


def usable(feed: Feed) -> Adapter:
    """The feed's adapter. Raises FeedOff with what is missing."""
    try:
        adapter = adapter_of(feed.kind, feed.options)
    except DomainError as error:
        raise FeedOff(error.message) from error
    if why := adapter.why_off():
        raise FeedOff(why)
    return adapter


@contextmanager
def _alone(feed: Feed) -> Iterator[None]:
    """Hold the feed's lock. Raises FeedBusy."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(hashtext('valuations.feed'), %s)", [feed.pk])
        if not cursor.fetchone()[0]:
            raise FeedBusy(feed=feed.slug)
    try:
        yield
    finally:
        if connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("select pg_advisory_unlock(hashtext('valuations.feed'), %s)", [feed.pk])


@transaction.atomic
def _begin(feed: Feed, adapter: Adapter, trigger: str, now: dt.datetime) -> FeedRun:
    """The run under way (paused, or its process was killed), else a new one: from a failed one's place, or afresh."""
    under_way = feed.runs.filter(state__in=[State.RUNNING, State.PAUSED]).first()
    if under_way is not None:
        under_way.state = State.RUNNING
        under_way.resumed += 1
        under_way.save(update_fields=["state", "resumed"])
        return under_way
    last = feed.runs.order_by("-started_at").first()
    failed_at = last.ended_at if last is not None and last.state == State.FAILED and last.cursor else None
    if last is not None and failed_at is not None and now - failed_at < STALE_AFTER:
        return feed.runs.create(trigger=trigger, started_at=now, cursor=last.cursor, continues=last)
    finished = feed.runs.filter(state=State.DONE).order_by("-started_at").first()
    cursor = adapter.begin(finished.cursor if finished else {}, now)
    return feed.runs.create(trigger=trigger, started_at=now, cursor=cursor)


@dataclass
class _Work:
    """A process's part of one run."""

    feed: Feed
    adapter: Adapter
    current: FeedRun
    client: Client
    clock: Callable[[], dt.datetime]
    mark: float = field(default_factory=time.monotonic)
    touched: set[UUID] = field(default_factory=set)

    def to_the_end(self, seconds: float | None) -> bool:
        """Read and store pages, then work out what they are worth; whether the end was reached in time.

        What was read before an error is stored. Fair values come once, at the end: where this process is killed before
        it, refresh_stale finds what is behind.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        batch = _Batch(cursor=self.current.cursor)
        try:
            for page in self.adapter.pages(self.client, dict(self.current.cursor)):
                batch.add(page, self.clock())
                if batch.is_full:
                    full, batch = batch, _Batch()
                    self.store(full)
                if deadline is not None and time.monotonic() > deadline:
                    return False
            return True
        finally:
            if batch.pages:
                self.store(batch)
            refresh_prices(self.touched)
            self.touched.clear()

    @transaction.atomic
    def store(self, batch: _Batch) -> None:
        """Rows, what rolls up from them, counts, and the place to go on from: all or nothing."""
        run = self.current
        if batch.rows:
            origin = f"feed.{self.feed.slug}"
            if self.adapter.writes == "links":
                products = [row for row in batch.rows if isinstance(row, LinkRow | Reject)]
                report = link(products, origin=origin, batch_id=run.pk)
            else:
                prices = [row for row in batch.rows if not isinstance(row, LinkRow)]
                report = load(prices, kind=self.adapter.writes, origin=origin, batch_id=run.pk, daily=True)
            _count(run, report)
            self.touched |= report.touched
        run.pages += batch.pages
        run.cursor = batch.cursor
        self.note()
        run.save()
        if batch.validators:
            self.feed.validators |= {url: list(each) for url, each in batch.validators.items()}
            self.feed.save(update_fields=["validators"])

    def note(self) -> None:
        """Count the requests and the time since the last note."""
        now = time.monotonic()
        self.current.requests += self.client.take_count()
        self.current.seconds += now - self.mark
        self.mark = now

    @transaction.atomic
    def end(self, event: str, *, error: str = "", until: dt.datetime | None = None) -> None:
        """Note how it ended, and when the feed is next due."""
        run, now = self.current, self.clock()
        run.refresh_from_db()  # a transaction that failed left things in memory that are not stored
        self.note()
        run.state = TRANSITIONS[run.state][event]
        run.error = error[:2000]
        run.ended_at = None if run.state == State.PAUSED else now
        run.save()
        pace = dt.timedelta(minutes=self.feed.pace_minutes)
        if run.state == State.FAILED:
            due = max(now + min(pace, RETRY_AFTER), until or now)
        else:
            due = now if run.state == State.PAUSED else max(now, run.started_at + pace)
        Feed.objects.filter(pk=self.feed.pk).update(next_run_at=due)
        log.info(
            "feed.run.ended", feed=self.feed.slug, run=str(run.pk), state=run.state, rows=run.rows,
            stored=run.stored, rejected=run.rejected, requests=run.requests,
        )  # fmt: skip


def _count(run: FeedRun, report: MarketReport) -> None:
    run.rows += report.read
    for name in ("created", "updated", "unchanged", "repeated", "unpriced", "rejected"):
        setattr(run, name, getattr(run, name) + getattr(report, name))
    if report.newest_at is not None:
        run.newest_at = max(run.newest_at or report.newest_at, report.newest_at)
