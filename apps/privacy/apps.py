"""Registration of the app."""

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    """apps.privacy."""

    name = "apps.privacy"
    label = "privacy"
