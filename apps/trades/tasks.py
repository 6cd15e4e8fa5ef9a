"""Celery's doors into trades; the schedule is in the settings. Each may run several times at once and be killed."""

from celery import shared_task

from apps.trades.reputation import reviews
from apps.trades.swaps import clock, tracking


@shared_task(ignore_result=True)
def reveal_reviews() -> None:
    """State which reviews became visible."""
    reviews.reveal_due()


@shared_task(ignore_result=True)
def sweep_swaps() -> None:
    """Carry out the deadlines of swaps."""
    clock.sweep()


@shared_task(ignore_result=True)
def ask_carriers() -> None:
    """Ask where swapped parcels are."""
    tracking.ask_carriers()
