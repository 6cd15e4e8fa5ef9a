"""From photo to confirmed items: scan, photo, detected card, candidate, reference fingerprint, correction."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from pgvector.django import BitField, HnswIndex, VectorField

from apps.catalog.models import Category, Product, ProductImage, Variant
from apps.core.conditions import Condition
from apps.core.models import Base
from apps.inventory.models import InventoryItem


class Scan(Base):
    """Photos sent together. A visitor's scan has a session token for an owner, and is kept when they sign up."""

    class State(models.TextChoices):
        """How far it is."""

        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Looking")
        REVIEW = "review", _("Ready to review")
        FAILED = "failed", _("Failed")
        CONFIRMED = "confirmed", _("In the inventory")

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="scans"
    )
    visitor_token = models.CharField(max_length=64, blank=True, db_index=True)
    category = models.ForeignKey(Category, null=True, blank=True, on_delete=models.SET_NULL)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    engine_versions = models.JSONField(default=dict)
    refused = models.JSONField(default=list, help_text="uploads that could not be used: name and message of each")
    error = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["owner", "-created_at"], name="scan_by_owner")]

    def __str__(self) -> str:
        return f"scan {str(self.pk)[-6:]}"


class ScanPhoto(Base):
    """One photo of a scan, upright and stripped; `done_at` is set with its cards in one transaction."""

    scan = models.ForeignKey(Scan, on_delete=models.CASCADE, related_name="photos")
    file = models.CharField(max_length=200)
    original_name = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=64)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    position = models.PositiveSmallIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    queued_at = models.DateTimeField(null=True, blank=True, help_text="when it was last given to the queue")
    started_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)
    seconds = models.JSONField(default=dict, help_text="seconds by stage")

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["scan", "digest"], name="photo_once_per_scan")]

    def __str__(self) -> str:
        return self.original_name or self.file


class DetectedCard(Base):
    """One card found in a photo, and what the member made of it."""

    class State(models.TextChoices):
        """What the member decided."""

        OPEN = "open", _("To review")
        CONFIRMED = "confirmed", _("Confirmed")
        DISMISSED = "dismissed", _("Not a card")

    photo = models.ForeignKey(ScanPhoto, on_delete=models.CASCADE, related_name="cards")
    position = models.PositiveSmallIntegerField()
    quad = models.JSONField(help_text="four [x, y] corners in photo pixels, clockwise from the card's top left")
    crop = models.CharField(max_length=200, blank=True, help_text="storage name of the rectified card")
    decided = models.BooleanField(default=False, help_text="whether the engines are sure of the first candidate")
    reading = models.JSONField(default=dict, help_text="what was read: number, set code, name, lines")
    grading = models.JSONField(default=dict, help_text="estimated subgrades with reasons; may be empty")
    warnings = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    variant = models.ForeignKey(Variant, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    condition = models.CharField(max_length=3, choices=Condition, default=Condition.NM)
    quantity = models.PositiveSmallIntegerField(default=1)
    item = models.ForeignKey(InventoryItem, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["photo", "position"], name="card_once_per_position")]

    def __str__(self) -> str:
        return f"card {self.position}"

    @property
    def is_none_of_these(self) -> bool:
        """Whether the member said that it is none of the candidates."""
        return self.variant_id is None and hasattr(self, "correction") and self.correction.chosen_id is None

    @property
    def points(self) -> str:
        """The corners as an SVG polygon's points."""
        return " ".join(f"{x:.0f},{y:.0f}" for x, y in self.quad)


class Candidate(models.Model):
    """One printing that a detected card may be, with its probability and why."""

    card = models.ForeignKey(DetectedCard, on_delete=models.CASCADE, related_name="candidates")
    rank = models.PositiveSmallIntegerField()
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="+")
    probability = models.FloatField()
    scores = models.JSONField(default=dict)
    reasons = models.JSONField(default=list)

    class Meta:
        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(fields=["card", "rank"], name="candidate_once_per_rank"),
            models.CheckConstraint(
                condition=Q(probability__gte=0, probability__lte=1), name="candidate_probability_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.probability:.2f}"


class Fingerprint(models.Model):
    """What a reference image is found by: a 256-bit hash and a 256-number vector (see ml/hashing.py)."""

    image = models.OneToOneField(ProductImage, on_delete=models.CASCADE, related_name="fingerprint")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    game = models.CharField(max_length=20, blank=True, help_text="the category's, so that a search can be narrowed")
    engine = models.CharField(max_length=60, help_text="version of the embedder")
    bits = BitField(length=256)
    vector = VectorField(dimensions=256)

    class Meta:
        indexes = [
            HnswIndex(
                name="fingerprint_by_bits", fields=["bits"], m=16, ef_construction=64, opclasses=["bit_hamming_ops"]
            ),
            HnswIndex(
                name="fingerprint_by_vector",
                fields=["vector"],
                m=16,
                ef_construction=64,
                opclasses=["vector_cosine_ops"],
            ),
        ]

    def __str__(self) -> str:
        return self.engine


class Correction(Base):
    """What a member chose in place of the first candidate (nothing: none of them): truth for measuring and training."""

    card = models.OneToOneField(DetectedCard, on_delete=models.CASCADE, related_name="correction")
    proposed = models.ForeignKey(Variant, null=True, on_delete=models.SET_NULL, related_name="+")
    chosen = models.ForeignKey(Variant, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    def __str__(self) -> str:
        return f"{self.proposed_id} -> {self.chosen_id}"
