"""Registration of the app."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    """apps.alerts."""

    name = "apps.alerts"
    default = True

    def ready(self) -> None:
        """Subscribe to the facts that prices and inventories state."""
        from apps.alerts import handlers  # noqa: F401
