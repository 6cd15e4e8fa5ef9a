"""Celery's doors into trades; the schedule is in the settings. Each may run several times at once and be killed."""

from celery import shared_task

from apps.trades.reputation import reviews


@shared_task(ignore_result=True)
def reveal_reviews() -> None:
    """State which reviews became visible."""
    reviews.reveal_due()
