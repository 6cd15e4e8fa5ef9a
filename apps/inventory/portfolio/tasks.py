"""Celery's door into the past of a portfolio. Somebody waits for it, hence the default queue."""

from uuid import UUID

from celery import shared_task

from apps.inventory.portfolio import work


@shared_task(ignore_result=True)
def work_out_past(owner_id: str) -> None:
    """Take a member's day and estimate their past anew. Safe to run twice."""
    work.work_out(owner_id=UUID(owner_id))
