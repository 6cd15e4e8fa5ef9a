"""Registration of the app."""

from django.apps import AppConfig


class EscrowConfig(AppConfig):
    """apps.escrow."""

    name = "apps.escrow"
    default = True
