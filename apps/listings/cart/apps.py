"""Registration of the cart, an app of its own inside listings: its tables move apart from theirs."""

from django.apps import AppConfig


class CartConfig(AppConfig):
    """apps.listings.cart."""

    name = "apps.listings.cart"
    label = "cart"

    def ready(self) -> None:
        """Who signs in sees in the header how much is in the cart."""
        from apps.listings.cart import context  # noqa: F401
