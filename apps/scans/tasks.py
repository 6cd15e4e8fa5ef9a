"""Celery's doors into scans; queue `vision`."""

import uuid

from celery import shared_task

from apps.scans import actions


@shared_task(
    autoretry_for=(Exception,), max_retries=actions.MOST_ATTEMPTS, retry_backoff=2, soft_time_limit=280, time_limit=300
)
def process_photo(photo_id: str) -> None:
    """Look at one photo."""
    actions.process_photo(photo_id=uuid.UUID(photo_id))


@shared_task
def resume_stalled() -> None:
    """Queue again what a dead worker left."""
    actions.resume_stalled()
