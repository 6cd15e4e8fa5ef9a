"""Registration of the app."""

from django.apps import AppConfig


class TradesConfig(AppConfig):
    """apps.trades."""

    name = "apps.trades"
    default = True

    def ready(self) -> None:
        """Subscribe to escrow's facts."""
        from apps.trades import handlers  # noqa: F401
        from apps.trades.reputation import handlers as _reputation  # noqa: F401
