"""Alerts as moderators see them: to look, not to change."""

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from apps.alerts.models import Alert, Rule


class _ToLook(ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rules come from members, alerts from the evaluation."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """To look, not to change."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nothing is deleted here."""
        return False


@admin.register(Rule)
class RuleAdmin(_ToLook):
    """What members wait for."""

    list_display = ("kind", "owner", "product", "condition", "amount", "percent", "period", "is_on", "created_at")
    list_filter = ("kind", "is_on")
    search_fields = ("product__name", "owner__email", "owner__display_name")
    list_select_related = ("owner", "product")


@admin.register(Alert)
class AlertAdmin(_ToLook):
    """What members were told."""

    list_display = ("words", "owner", "kind", "at")
    list_filter = ("kind",)
    search_fields = ("words", "owner__email", "owner__display_name")
    list_select_related = ("owner",)
