"""Celery's doors into market data."""

from celery import shared_task

from apps.valuations import actions, rates
from apps.valuations.api import kept
from apps.valuations.feeds import actions as feeds


@shared_task(ignore_result=True)
def refresh_stale() -> None:
    """Bring prices up to date that are behind. Safe to run twice."""
    actions.refresh_stale()


@shared_task(ignore_result=True)
def warm_answers() -> None:
    """Work out what the API will be asked for soonest. Safe to run twice: what is fresh stays."""
    kept.warm()


@shared_task(ignore_result=True)
def import_rates() -> None:
    """Keep the exchange rates of the day. Safe to run twice."""
    rates.refresh_rates()


@shared_task(ignore_result=True)
def run_due_feeds() -> None:
    """Queue the feeds that are due."""
    feeds.queue_due()


# Between two pages a turn ends by itself; one page with all its tries and waits may take long.
@shared_task(ignore_result=True, soft_time_limit=1800, time_limit=1860)
def run_feed(slug: str, trigger: str) -> None:
    """One turn at a feed. Safe to run twice: a second one finds it busy, or goes on where the first stopped."""
    feeds.take_turn(slug=slug, trigger=trigger)
