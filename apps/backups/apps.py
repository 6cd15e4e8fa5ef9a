"""Registration of the app."""

from django.apps import AppConfig


class BackupsConfig(AppConfig):
    """apps.backups."""

    name = "apps.backups"
