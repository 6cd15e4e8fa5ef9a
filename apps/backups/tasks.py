"""Celery's door into backups."""

from celery import shared_task
from django.conf import settings

from apps.backups import media


@shared_task(ignore_result=True)
def copy_media() -> None:
    """Copy new files, where a place for copies is named."""
    if "backups" in settings.STORAGES:
        media.copy_media()
