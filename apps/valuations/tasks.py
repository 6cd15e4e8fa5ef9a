"""Celery's doors into market data."""

from celery import shared_task

from apps.valuations import actions


@shared_task(ignore_result=True)
def refresh_stale() -> None:
    """Bring prices up to date that are behind. Safe to run twice."""
    actions.refresh_stale()
