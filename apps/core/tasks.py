"""Celery's doors into the kernel."""

from celery import shared_task

from apps.core import outbox


@shared_task(ignore_result=True)
def relay_outbox() -> int:
    """Carry pending events to their handlers."""
    return outbox.relay()
