"""Registration of swaps, an app of its own inside trades: its tables move apart from theirs."""

from django.apps import AppConfig


class SwapsConfig(AppConfig):
    """apps.trades.swaps."""

    name = "apps.trades.swaps"
    label = "swaps"

    def ready(self) -> None:
        """Subscribe to escrow's facts."""
        from apps.trades.swaps import handlers, live  # noqa: F401
