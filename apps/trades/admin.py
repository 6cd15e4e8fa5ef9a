"""Trades as moderators follow them: both sides, copies, parcels and messages; to look, not to change."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.decorators import display

from apps.core.admin import ReadOnlyAdmin
from apps.core.money import Money
from apps.trades.models import Message, Review, Shipment, Trade, TradeLine


class _Rows(TabularInline):
    """Rows inside a trade, to look at."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Rows come from actions alone."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """To look, not to change."""
        return False


class LineRows(_Rows):
    """Copies that change hands."""

    model = TradeLine
    fields = readonly_fields = ("item", "quantity", "price_minor", "condition_label")


class ParcelRows(_Rows):
    """Parcels."""

    model = Shipment
    fields = readonly_fields = ("sender", "carrier", "tracking_number", "shipped_at", "delivered_at")


class MessageRows(_Rows):
    """What was said."""

    model = Message
    fields = readonly_fields = ("created_at", "author", "body")


class ReviewRows(_Rows):
    """How it went."""

    model = Review
    fields = readonly_fields = ("author", "rating", "body")


@admin.register(Trade)
class TradeAdmin(ReadOnlyAdmin):
    """One trade."""

    list_display = ("created_at", "what", "buyer", "seller", "state", "stage", "money")
    list_filter = ("state", "hold__state")
    list_select_related = ("hold", "buyer", "seller")
    search_fields = ("id", "buyer__email", "seller__email", "buyer__display_name", "seller__display_name")
    ordering = ("-created_at",)
    inlines = (LineRows, ParcelRows, MessageRows, ReviewRows)
    show_full_result_count = False

    @display(description="cards")
    def what(self, trade: Trade) -> str:
        """What is traded, in words."""
        return trade.hold.description

    @display(description="stage")
    def stage(self, trade: Trade) -> str:
        """Where the money stands."""
        return trade.hold.get_state_display()

    @display(description="total")
    def money(self, trade: Trade) -> str:
        """What the buyer pays."""
        return str(Money(trade.total_minor, trade.currency))
