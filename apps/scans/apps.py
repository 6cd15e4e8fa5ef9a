"""Registration of the app."""

from django.apps import AppConfig


class ScansConfig(AppConfig):
    """apps.scans."""

    name = "apps.scans"
    default = True
