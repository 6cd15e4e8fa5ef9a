"""Registration of the app."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """apps.notifications."""

    name = "apps.notifications"
    default = True

    def ready(self) -> None:
        """Subscribe to the facts that members are told of."""
        from apps.notifications import handlers  # noqa: F401
