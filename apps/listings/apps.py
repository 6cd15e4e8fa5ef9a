"""Registration of the app."""

from django.apps import AppConfig


class ListingsConfig(AppConfig):
    """apps.listings."""

    name = "apps.listings"
    default = True
