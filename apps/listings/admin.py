"""Listings as moderators see them."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from apps.core.money import Money
from apps.listings.models import Listing


@admin.register(Listing)
class ListingAdmin(ModelAdmin):
    """One listing; to look, not to change."""

    list_display = ("copy", "seller", "state", "quantity", "price", "created_at")
    list_filter = ("state",)
    search_fields = ("item__variant__product__name", "seller__email", "seller__display_name")
    list_select_related = ("seller", "item__variant__product")
    raw_id_fields = ("item", "seller", "shipping")

    @display(description=_("copy"), ordering="item__variant__product__name")
    def copy(self, listing: Listing) -> str:
        """Which card in which printing and condition."""
        return f"{listing.item.variant}, {listing.item.condition_label}"

    @display(description=_("price"), ordering="price_minor")
    def price(self, listing: Listing) -> str:
        """As buyers read it."""
        return str(Money(listing.price_minor, listing.currency))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Listings come from sellers alone."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """To look, not to change."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nothing is deleted here."""
        return False
