"""From photo to confirmed items: scan, photo, detected card, candidate, fingerprint, correction; versions of the models."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from pgvector.django import BitField, VectorField

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
    request_key = models.CharField(
        max_length=80, blank=True, db_default="", default="", help_text="photos that are sent twice make one scan"
    )
    category = models.ForeignKey(Category, null=True, blank=True, on_delete=models.SET_NULL)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    engine_versions = models.JSONField(default=dict)
    refused = models.JSONField(default=list, help_text="uploads that could not be used: name and message of each")
    error = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["owner", "-created_at"], name="scan_by_owner")]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "request_key"], condition=~Q(request_key=""), name="scan_once_per_request"
            )
        ]

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
    turn = models.BigIntegerField(default=0, help_text="among those that wait, the lowest is next; see waiting.py")
    attempts = models.PositiveSmallIntegerField(default=0)
    queued_at = models.DateTimeField(
        null=True, blank=True, help_text="when it was last given to the queue; later than now: not to be tried before"
    )
    started_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)
    seconds = models.JSONField(default=dict, help_text="seconds by stage")
    engine_versions = models.JSONField(default=dict, help_text="by stage; empty where only the scan's are known")

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["scan", "digest"], name="photo_once_per_scan")]
        indexes = [models.Index(fields=["turn", "id"], name="photo_undone_by_turn", condition=Q(done_at__isnull=True))]

    def __str__(self) -> str:
        return self.original_name or self.file

    @property
    def state(self) -> str:
        """waiting, looking, done or failed."""
        if self.done_at is not None:
            return "failed" if self.error else "done"
        return "looking" if self.attempts else "waiting"


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
    """What a reference image is found by, as one embedder sees it: a 256-bit hash and a 256-number vector.

    Several embedders' fingerprints stand side by side. Each embedder has HNSW indexes of its own (see indexes.py): they
    are made when its rows are there, and dropped before its rows go.
    """

    image = models.ForeignKey(ProductImage, on_delete=models.CASCADE, related_name="fingerprints")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    game = models.CharField(max_length=20, blank=True, help_text="the category's, so that a search can be narrowed")
    engine = models.CharField(max_length=60, help_text="version of the embedder")
    file = models.CharField(max_length=200, blank=True, help_text="the picture it was made from; empty: not known")
    bits = BitField(length=256)
    vector = VectorField(dimensions=256)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["image", "engine"], name="fingerprint_once_per_engine")]
        indexes = [models.Index(fields=["engine", "game"], name="fingerprint_by_engine_and_game")]

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


class ModelVersion(Base):
    """One version of one stage of recognition: what is known of it, and how much of the scans it sees."""

    class Stage(models.TextChoices):
        """What it does."""

        DETECT = "detect", _("Find the cards")
        EMBED = "embed", _("Find look-alikes")
        READ = "read", _("Read the print")
        VERIFY = "verify", _("Compare closely")
        FUSE = "fuse", _("Weigh the evidence")
        GRADE = "grade", _("Estimate the grade")

    class State(models.TextChoices):
        """Where it stands; see rollout.TRANSITIONS."""

        REGISTERED = "registered", _("Not in use")
        CANDIDATE = "candidate", _("On trial")
        ACTIVE = "active", _("In service")
        RETIRED = "retired", _("Retired")

    stage = models.CharField(max_length=10, choices=Stage)
    version = models.CharField(max_length=60, help_text="as scans note it")
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the weights; empty: it has none")
    figures = models.JSONField(default=dict, help_text="accuracy as measured when it was made")
    record = models.JSONField(default=dict, help_text="what else was written down with its weights")
    is_available = models.BooleanField(default=True, help_text="whether the installed program can run it")
    state = models.CharField(max_length=10, choices=State, default=State.REGISTERED)
    share = models.PositiveSmallIntegerField(default=0, help_text="percent of scans that it sees while on trial")
    trial_began_at = models.DateTimeField(null=True, blank=True)
    activated_at = models.DateTimeField(null=True, blank=True)
    is_indexed = models.BooleanField(
        default=False, help_text="of an embedder: whether its index is to be there, and was not removed"
    )
    replaces = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="what a rollback brings back",
    )

    class Meta:
        ordering = ["stage", "-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["stage", "version"], name="model_version_once"),
            models.UniqueConstraint(fields=["stage"], condition=Q(state="active"), name="model_one_active_per_stage"),
            models.UniqueConstraint(fields=["stage"], condition=Q(state="candidate"), name="model_one_trial_per_stage"),
            models.CheckConstraint(
                condition=Q(share=0) | Q(state="candidate", share__lte=100), name="model_share_only_on_trial"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stage} {self.version}"
