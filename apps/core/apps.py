"""Registration of the kernel."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """apps.core."""

    name = "apps.core"
