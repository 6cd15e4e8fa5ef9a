"""How the restore drills went, for operators; nobody edits them."""

from django.contrib import admin
from unfold.decorators import display

from apps.backups.models import RestoreDrill
from apps.core.admin import ReadOnlyAdmin


@admin.register(RestoreDrill)
class RestoreDrillAdmin(ReadOnlyAdmin):
    """Each drill with its figures."""

    list_display = ("created_at", "outcome", "rpo", "rto", "size", "backup", "reached_at")
    ordering = ("-created_at",)
    show_full_result_count = False

    @display(description="outcome", label={"good": "success", "failed": "danger", "not finished": "warning"})
    def outcome(self, drill: RestoreDrill) -> str:
        """Whether the backup is good."""
        return "failed" if drill.trouble else "good" if drill.stages else "not finished"

    @display(description="work lost", ordering="rpo_seconds")
    def rpo(self, drill: RestoreDrill) -> str:
        """RPO."""
        return _seconds(drill.rpo_seconds)

    @display(description="time taken", ordering="rto_seconds")
    def rto(self, drill: RestoreDrill) -> str:
        """RTO."""
        return _seconds(drill.rto_seconds)

    @display(description="database", ordering="database_bytes")
    def size(self, drill: RestoreDrill) -> str:
        """Of the restored database."""
        return "–" if drill.database_bytes is None else f"{drill.database_bytes / 1e9:.1f} GB"


def _seconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.1f} min"
