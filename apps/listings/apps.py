"""Registration of the app."""

from django.apps import AppConfig


class ListingsConfig(AppConfig):
    """apps.listings."""

    name = "apps.listings"
    default = True

    def ready(self) -> None:
        """Subscribe to facts of the room's own and of members."""
        from apps.listings import handlers as _own  # noqa: F401
        from apps.listings.offers import handlers, live  # noqa: F401
