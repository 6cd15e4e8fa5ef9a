"""Scans as moderators see them."""

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from apps.scans.models import Correction, Scan


class _ReadOnly(ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nothing is made here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """To look, not to change."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nothing is deleted here."""
        return False


@admin.register(Scan)
class ScanAdmin(_ReadOnly):
    """One scan."""

    list_display = ("__str__", "owner", "state", "created_at", "finished_at")
    list_filter = ("state",)
    list_select_related = ("owner",)


@admin.register(Correction)
class CorrectionAdmin(_ReadOnly):
    """What members chose against the engines."""

    list_display = ("proposed", "chosen", "by", "created_at")
    list_select_related = ("proposed__product", "chosen__product", "by")
