"""Inventories as moderators see them: to look, not to change."""

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from apps.inventory.models import InventoryItem, Movement


class MovementInline(TabularInline):
    """History of an item."""

    model = Movement
    extra = 0
    can_delete = False
    fields = readonly_fields = ("created_at", "kind", "quantity_change", "reserved_change", "cause", "by")

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Movements come from actions alone."""
        return False


@admin.register(InventoryItem)
class InventoryItemAdmin(ModelAdmin):
    """One item."""

    list_display = ("__str__", "owner", "condition_label", "quantity", "reserved", "created_at")
    search_fields = ("variant__product__name", "owner__email", "owner__display_name")
    list_select_related = ("owner", "variant__product")
    inlines = (MovementInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Items come from actions alone."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """To look, not to change."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nothing is deleted here."""
        return False
