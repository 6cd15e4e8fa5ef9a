"""Celery's doors into risk."""

from celery import shared_task

from apps.risk import actions


@shared_task(ignore_result=True)
def forget_acts() -> None:
    """Remove what is too old to be counted."""
    actions.forget_acts()
