"""Registration of the app."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """apps.demo."""

    name = "apps.demo"
    default = True
