"""An import, its lines, and how a member's own columns were mapped. What becomes of them: actions; the rules: states."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import Base


class InventoryImport(Base):
    """A file on its way into an inventory."""

    class State(models.TextChoices):
        """Where it stands; see states.IMPORT."""

        PREVIEW = "preview", _("Waiting for your word")
        READING = "reading", _("Being read")
        REVIEW = "review", _("Read")
        ADDING = "adding", _("Being added")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")
        CANCELLED = "cancelled", _("Cancelled")
        FAILED = "failed", _("Failed")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="imports")
    state = models.CharField(max_length=10, choices=State, default=State.PREVIEW)
    file = models.CharField(max_length=200, help_text="name in storage")
    file_name = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField(help_text="bytes")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file")
    request_key = models.CharField(max_length=80, blank=True, help_text="the same key uploads once")
    format = models.CharField(max_length=24, blank=True, help_text="a slug of exchange.formats; empty: another file")
    encoding = models.CharField(max_length=16)
    delimiter = models.CharField(max_length=1)
    heading_line = models.PositiveIntegerField(help_text="the line that names the columns; 0: none does")
    columns = models.JSONField(default=list, help_text="headings, or Column 1 … where there are none")
    mapping = models.JSONField(default=list, help_text="the field of each column, empty for none")
    condition = models.CharField(max_length=3, default="NM", help_text="where a line says none")
    language = models.CharField(max_length=5, default="en", help_text="where a line says none")
    currency = models.CharField(max_length=3, default="USD", help_text="of amounts that name none")
    binder = models.ForeignKey("inventory.Binder", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    keeps_apart = models.BooleanField(default=False, help_text="every line becomes an item of its own")
    adds_at_once = models.BooleanField(default=False, help_text="what is matched is added without a look")
    lines_read = models.PositiveIntegerField(default=0, help_text="the last line of the file that is kept")
    bytes_read = models.PositiveBigIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    queued_at = models.DateTimeField(null=True, blank=True)
    moved_at = models.DateTimeField(null=True, blank=True, help_text="when a worker last did something")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "request_key"], condition=~Q(request_key=""), name="import_once_per_key"
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="import_by_owner"),
            models.Index(
                fields=["moved_at"], condition=Q(state__in=["reading", "adding", "undoing"]), name="import_under_way"
            ),
        ]

    def __str__(self) -> str:
        return self.file_name


class ImportLine(models.Model):
    """One line of the file, or one of two where it counts ordinary copies and foils: kept until its import is gone.

    A line is matched, or waits (ambiguous, unknown, bad), or has become an item, or went into one, or was dismissed.
    """

    class State(models.TextChoices):
        """What became of it."""

        MATCHED = "matched", _("Matched")
        AMBIGUOUS = "ambiguous", _("Which one?")
        UNKNOWN = "unknown", _("Not found")
        BAD = "bad", _("Cannot be read")
        ADDED = "added", _("Added")
        MERGED = "merged", _("Added to what you had")
        DISMISSED = "dismissed", _("Dismissed")
        UNDONE = "undone", _("Taken out again")

    id = models.UUIDField(primary_key=True, editable=False, help_text="becomes the id of the item that it makes")
    origin = models.ForeignKey(InventoryImport, on_delete=models.CASCADE, related_name="lines")
    line = models.PositiveIntegerField(help_text="of the file, from 1, as an editor shows it")
    part = models.PositiveSmallIntegerField(default=0, help_text="1 for the foils of a line that counts both")
    state = models.CharField(max_length=9, choices=State)
    said = models.JSONField(help_text="field -> what the file says, after repairs")
    problem = models.CharField(max_length=16, blank=True, help_text="the field that cannot be used")
    reason = models.CharField(max_length=300, blank=True)
    likeness = models.CharField(max_length=32, help_text="the same for lines that name the same card alike")
    variant = models.ForeignKey("catalog.Variant", null=True, on_delete=models.SET_NULL, related_name="+")
    candidates = ArrayField(models.UUIDField(), default=list, help_text="variants that it may be, likeliest first")
    quantity = models.PositiveIntegerField(default=0)
    condition = models.CharField(max_length=3, blank=True)
    grade_company = models.CharField(max_length=3, blank=True)
    grade = models.DecimalField(max_digits=3, decimal_places=1, null=True)
    unit_cost_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, default="USD")
    acquired_on = models.DateField(null=True)
    binder_name = models.CharField(max_length=60, blank=True)
    notes = models.CharField(max_length=500, blank=True)
    item = models.ForeignKey("inventory.InventoryItem", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["origin", "line", "part"], name="import_line_once"),
            models.CheckConstraint(
                condition=~Q(state__in=["matched", "added", "merged"]) | Q(quantity__gt=0),
                name="import_line_has_copies",
            ),
        ]
        indexes = [
            models.Index(fields=["origin", "state", "line"], name="import_line_by_state"),
            models.Index(fields=["origin", "likeness"], name="import_line_alike"),
        ]

    def __str__(self) -> str:
        return f"{self.line}: {self.state}"


class ColumnMapping(models.Model):
    """How a member mapped the columns of a file that is none of the known ones, for the next time."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="column_mappings")
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of the headings")
    mapping = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "fingerprint"], name="column_mapping_once")]

    def __str__(self) -> str:
        return self.fingerprint[:8]
