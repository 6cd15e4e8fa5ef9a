"""What all of escrow's tables in the admin are made of: to look at, not to edit."""

from __future__ import annotations

from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline


class _ToLook:
    """Rows come from actions alone."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody adds rows here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody deletes rows here."""
        return False


class ReadOnly(_ToLook, ModelAdmin):
    """A table to look at."""

    list_per_page = 50
    show_full_result_count = False

    def get_readonly_fields(self, request: HttpRequest, obj: object = None) -> list[str]:
        """Every field."""
        return [field.name for field in self.model._meta.fields]


class Rows(_ToLook, TabularInline):
    """Rows inside another page, to look at."""

    extra = 0
    can_delete = False
    show_change_link = True

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody edits rows here."""
        return False
