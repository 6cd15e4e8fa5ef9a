"""Registration of checkout, an app of its own inside trades: its tables move apart from theirs."""

from django.apps import AppConfig


class CheckoutConfig(AppConfig):
    """apps.trades.checkout."""

    name = "apps.trades.checkout"
    label = "checkout"
