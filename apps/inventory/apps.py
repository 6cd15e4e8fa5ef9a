"""Registration of the app."""

from django.apps import AppConfig


class InventoryConfig(AppConfig):
    """apps.inventory."""

    name = "apps.inventory"
    default = True
