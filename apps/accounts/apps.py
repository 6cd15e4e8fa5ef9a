"""Registration of the app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """apps.accounts."""

    name = "apps.accounts"
    default = True
