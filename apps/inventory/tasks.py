"""Celery's doors into inventories."""

import uuid

from celery import shared_task

from apps.inventory.exchange import work
from apps.inventory.portfolio import actions


@shared_task(ignore_result=True)
def take_portfolio_days() -> None:
    """Write down what every member's copies are worth today. Safe to run twice."""
    actions.take_days()


@shared_task(ignore_result=True)
def carry_on_import(import_id: str) -> None:
    """Read, add or undo the next lines of an import. Safe to run twice."""
    work.carry_on(import_id=uuid.UUID(import_id))


@shared_task(ignore_result=True)
def resume_imports() -> None:
    """Queue again the imports that a dead worker left."""
    work.resume_stalled()
