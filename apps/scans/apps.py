"""Registration of the app."""

from django.apps import AppConfig


class ScansConfig(AppConfig):
    """apps.scans."""

    name = "apps.scans"
    default = True

    def ready(self) -> None:
        """Register what can be followed live."""
        from apps.scans import live  # noqa: F401
