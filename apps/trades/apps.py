"""Registration of the app."""

from django.apps import AppConfig


class TradesConfig(AppConfig):
    """apps.trades."""

    name = "apps.trades"
    default = True

    def ready(self) -> None:
        """Subscribe to escrow's facts; bargains mind what a new seller has under way."""
        from apps.listings.offers import promises
        from apps.trades import handlers, live  # noqa: F401
        from apps.trades.actions import check_seller_limit
        from apps.trades.reputation import handlers as _reputation  # noqa: F401

        promises.check_with(check_seller_limit)
