"""What members asked for about their data, to look at."""

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.privacy.models import DataExport, Erasure


@admin.register(DataExport)
class DataExportAdmin(ReadOnlyAdmin):
    """Exports; the archive itself is its owner's."""

    list_display = ("member", "state", "size", "created_at", "finished_at")
    list_filter = ("state",)
    exclude = ("file",)


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin):
    """Deletions of accounts."""

    list_display = ("member", "due_at", "done_at", "cancelled_at")
    date_hierarchy = "due_at"
