"""One restriction of a member, with its reason and end."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import Base


class From(models.TextChoices):
    """What a member is kept from. Trades under way are finished as usual."""

    LISTING = "listing", _("Listing items")
    OFFERS = "offers", _("Making offers")
    BUYING = "buying", _("Buying")


def in_words(kept_from: Iterable[str]) -> str:
    """What a member is kept from, as a list in a sentence."""
    return ", ".join(str(From(each).label).lower() for each in kept_from)


class Restriction(Base):
    """A member is kept from some things until an hour, or until it is lifted."""

    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="restrictions")
    kept_from = ArrayField(models.CharField(max_length=8, choices=From))
    until = models.DateTimeField()
    reason = models.CharField(max_length=1000, help_text="the member reads it")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    cause = models.CharField(max_length=80, help_text="what it was decided on: report:<id>")
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(until__gt=F("created_at")), name="restriction_lasts"),
            models.CheckConstraint(condition=~Q(kept_from=[]), name="restriction_keeps_from_something"),
            models.CheckConstraint(condition=~Q(member=F("by")), name="restriction_by_somebody_else"),
            models.UniqueConstraint(fields=["cause"], name="restriction_once_per_cause"),
        ]
        indexes = [models.Index(fields=["member", "until"], name="restriction_in_force")]

    def __str__(self) -> str:
        return f"{self.member_id} until {self.until:%Y-%m-%d}"
