"""What was seen of members, how fast they act, what was judged and why, and prints of listings' photographs."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from pgvector.django import BitField, HnswIndex

from apps.core.models import Base
from apps.risk.rules import RULES, About, Verdict


class Sighting(models.Model):
    """A member used something that another may use as well. `digest` is a keyed hash (normal.py), never the thing itself."""

    class Kind(models.TextChoices):
        """What it was."""

        ADDRESS = "address", _("Address")
        HOUSEHOLD = "household", _("Family name and postcode")
        CARD = "card", _("Card")
        BANK = "bank", _("Payout account")
        DEVICE = "device", _("Device")
        NETWORK = "network", _("Network")

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=10, choices=Kind)
    digest = models.CharField(max_length=32)
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sightings", db_index=False
    )
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member", "kind", "digest"], name="sighting_once_per_member"),
            models.CheckConstraint(condition=Q(last_at__gte=F("first_at")), name="sighting_first_before_last"),
        ]
        indexes = [models.Index(fields=["kind", "digest"], name="sighting_of_the_same")]

    def __str__(self) -> str:
        return f"{self.kind} {self.digest[:8]}"


class Act(models.Model):
    """Something that is counted by the hour and the day. Kept for two days."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=10)
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    copies = models.PositiveIntegerField(default=1)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["member", "kind", "at"], name="act_of_member"),
            models.Index(fields=["at"], name="act_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.copies} {self.kind}"


class Assessment(Base):
    """What was found out about one listing, payment or swap. Without any reason there is no row."""

    class State(models.TextChoices):
        """Whether somebody has to look."""

        NOTED = "noted", _("Noted, nothing waits")
        WAITING = "waiting", _("Waiting for a moderator")
        RELEASED = "released", _("Released")
        REFUSED = "refused", _("Refused")
        LAPSED = "lapsed", _("Ended before it was decided")

    about = models.CharField(max_length=8, choices=[(each.value, each.value.capitalize()) for each in About])
    subject_id = models.UUIDField(help_text="of the listing, hold or swap")
    title = models.CharField(max_length=200, help_text="what it is, in words, as it was then")
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="assessments")
    other = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    amount_minor = models.PositiveBigIntegerField(default=0)
    currency = models.CharField(max_length=3, default="USD")
    score = models.PositiveSmallIntegerField()
    verdict = models.CharField(max_length=6, choices=[(each.value, each.value.capitalize()) for each in Verdict])
    is_shadow = models.BooleanField(default=False, help_text="scored only: nothing waited for it")
    state = models.CharField(max_length=8, choices=State, default=State.NOTED)
    note = models.CharField(max_length=1000, blank=True, help_text="why it was decided so; moderators read it")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(score__lte=100), name="assessment_score_in_range"),
            models.CheckConstraint(condition=~Q(member=F("other")), name="assessment_of_two_people"),
            models.CheckConstraint(
                condition=Q(state__in=["noted", "waiting"], decided_at__isnull=True)
                | (~Q(state__in=["noted", "waiting"]) & Q(decided_at__isnull=False)),
                name="assessment_decided_has_its_time",
            ),
            models.UniqueConstraint(
                fields=["about", "subject_id"], condition=Q(state="waiting"), name="assessment_waiting_once"
            ),
        ]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(state="waiting"), name="assessment_waiting"),
            models.Index(fields=["subject_id"], name="assessment_of_subject"),
            models.Index(fields=["member", "-created_at"], name="assessment_of_member"),
        ]

    def __str__(self) -> str:
        return f"{self.about}: {self.title}"[:80]


class Reason(models.Model):
    """A rule that fired, with the weight that it had then and what it rests on."""

    id = models.BigAutoField(primary_key=True)
    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="reasons")
    rule = models.CharField(max_length=20)
    weight = models.PositiveSmallIntegerField()
    words = models.CharField(max_length=300)
    evidence = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assessment", "rule"], name="reason_once_per_rule"),
            models.CheckConstraint(condition=Q(weight__lte=100), name="reason_weight_in_range"),
        ]
        indexes = [models.Index(fields=["rule"], name="reason_by_rule")]
        ordering = ["-weight", "rule"]

    def __str__(self) -> str:
        return self.rule

    @property
    def title(self) -> str:
        """The rule in words; one that is gone by its name."""
        return RULES[self.rule].title if self.rule in RULES else self.rule


class PhotoPrint(models.Model):
    """What a photograph of a listing is found again by: 256 bits of it (ml/hashing.py). `file` is where it lies."""

    photo_id = models.UUIDField(primary_key=True)
    listing_id = models.UUIDField(help_text="the first listing that showed it")
    product_id = models.UUIDField()
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    file = models.CharField(max_length=200)
    bits = BitField(length=256)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["product_id", "at"], name="photo_print_of_product"),
            HnswIndex(
                name="photo_print_by_bits", fields=["bits"], m=16, ef_construction=64, opclasses=["bit_hamming_ops"]
            ),
        ]

    def __str__(self) -> str:
        return self.file
