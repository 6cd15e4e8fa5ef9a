"""What people and the schedule do with feeds: have one run, run those that are due, switch one on or off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial

import structlog
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core import audit
from apps.core.errors import DomainError, NotFound
from apps.valuations.feeds import runs
from apps.valuations.models import Feed, FeedRun

log = structlog.get_logger()

TURN_SECONDS = 480.0
"""For which a worker runs one feed before others have their turn."""
QUEUED_FOR = dt.timedelta(minutes=15)
"""A feed that was queued and of which nothing was heard is queued again after this."""


def feed_named(slug: str) -> Feed:
    """The feed of that name. Raises NotFound."""
    feed = Feed.objects.filter(slug=slug).first()
    if feed is None:
        raise NotFound(f"There is no feed {slug!r}.")
    return feed


@transaction.atomic
def start(*, feed: Feed, by: User) -> None:
    """Have a worker run the feed now, also one that does not run by itself. Raises FeedOff."""
    runs.usable(feed)
    audit.record(action="feed.started", target=feed, by=by)
    transaction.on_commit(partial(_queue, feed.slug, FeedRun.Trigger.ADMIN), robust=True)


@transaction.atomic
def switch(*, feed: Feed, on: bool, by: User | None = None) -> None:
    """Let the feed run by itself, or no longer; what is under way goes on to its end when it is started by hand."""
    if feed.is_on == on:
        return
    audit.record(action="feed.switched", target=feed, by=by, before={"is_on": feed.is_on}, after={"is_on": on})
    feed.is_on = on
    feed.next_run_at = None
    feed.save(update_fields=["is_on", "next_run_at"])


def take_turn(*, slug: str, trigger: str) -> None:
    """A worker's turn at a feed; one that is not finished is queued again. What is off or busy is left alone."""
    feed = Feed.objects.filter(slug=slug).first()
    if feed is None or (trigger == FeedRun.Trigger.SCHEDULE and not feed.is_on):
        return
    try:
        run = runs.run(feed=feed, trigger=trigger, seconds=TURN_SECONDS)
    except DomainError as error:
        log.info("feed.run.skipped", feed=slug, why=error.code)
        return
    if run.state == FeedRun.State.PAUSED:
        _queue(slug, trigger)


def queue_due(*, now: dt.datetime | None = None, queue: Callable[[str, str], None] | None = None) -> list[str]:
    """Queue every feed that is on, has what it needs, and is due; returns their names. Run by the scheduler."""
    now = now or timezone.now()
    queued = []
    for feed in Feed.objects.filter(is_on=True).order_by("slug"):
        if feed.next_run_at is not None and feed.next_run_at > now:
            continue
        try:
            runs.usable(feed)
        except DomainError:
            continue
        # One worker's word is enough: who comes second finds that it is queued.
        due = Feed.objects.filter(pk=feed.pk, next_run_at=feed.next_run_at)
        if due.update(next_run_at=now + QUEUED_FOR):
            (queue or _queue)(feed.slug, FeedRun.Trigger.SCHEDULE)
            queued.append(feed.slug)
    return queued


def _queue(slug: str, trigger: str) -> None:
    from apps.valuations.tasks import run_feed

    run_feed.delay(slug, trigger)
