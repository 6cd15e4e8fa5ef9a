"""Celery's doors to listings."""

from celery import shared_task

from apps.listings import seen
from apps.listings.offers import closing
from apps.listings.search.values import follow_values


@shared_task
def follow_fair_values() -> None:
    """Search rows take over the fair values that were worked out lately; a run that was missed is caught up by the next."""
    follow_values(minutes=20)


@shared_task(ignore_result=True)
def write_views() -> None:
    """Add what was seen lately to the figures of the listings."""
    seen.write_views()


@shared_task(ignore_result=True)
def sweep_offers() -> None:
    """End the offers and agreements whose time has passed."""
    closing.sweep()
