"""Celery's doors."""

import uuid

from celery import shared_task

from apps.privacy import actions, retention


@shared_task(ignore_result=True)
def build_export(export_id: str) -> None:
    """Put one export together. Safe to run twice."""
    actions.build(export_id=uuid.UUID(export_id))


@shared_task(ignore_result=True)
def sweep_privacy() -> None:
    """Resume exports, erase accounts whose time has come. Safe to run twice."""
    actions.resume()
    actions.carry_out_due()


@shared_task(ignore_result=True)
def forget_old() -> None:
    """Remove what has been kept for as long as it may be. Safe to run twice."""
    retention.forget()
