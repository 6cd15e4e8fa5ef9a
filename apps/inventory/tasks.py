"""Celery's doors into inventories."""

from celery import shared_task

from apps.inventory.portfolio import actions


@shared_task(ignore_result=True)
def take_portfolio_days() -> None:
    """Write down what every member's copies are worth today. Safe to run twice."""
    actions.take_days()
