"""Registration of the app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """apps.accounts."""

    name = "apps.accounts"
    default = True

    def ready(self) -> None:
        """Subscribe to the facts that the accounts state."""
        from apps.accounts import handlers  # noqa: F401
