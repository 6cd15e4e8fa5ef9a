"""Registration of wants, an app of its own inside listings: its tables move apart from theirs."""

from django.apps import AppConfig


class WantsConfig(AppConfig):
    """apps.listings.wants."""

    name = "apps.listings.wants"
    label = "wants"

    def ready(self) -> None:
        """Subscribe to listings' facts and one's own."""
        from apps.listings.wants import handlers  # noqa: F401
