"""Registration of the app."""

from django.apps import AppConfig


class ValuationsConfig(AppConfig):
    """apps.valuations."""

    name = "apps.valuations"
    default = True
