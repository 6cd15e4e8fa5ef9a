"""Registration of the app."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """apps.catalog."""

    name = "apps.catalog"
    default = True
