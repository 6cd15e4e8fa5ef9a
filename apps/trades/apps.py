"""Registration of the app."""

from django.apps import AppConfig


class TradesConfig(AppConfig):
    """apps.trades."""

    name = "apps.trades"
    default = True
