"""Runs of the comparison with the processor, and the differences that they found."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import Base
from apps.core.money import Money


class ReconciliationRun(Base):
    """One comparison. since: from when on movements were compared; empty: all of them, and the totals as well."""

    day = models.DateField(db_index=True)
    since = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    movements = models.PositiveIntegerField(default=0)
    matched = models.PositiveIntegerField(default=0)
    booked = models.PositiveIntegerField(default=0)
    missed = models.PositiveIntegerField(default=0, help_text="messages that had not arrived and were fetched")
    differing = models.PositiveIntegerField(default=0)
    unexplained = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("reconciliation")

    def __str__(self) -> str:
        return f"{self.day}"


class ReconciliationDifference(Base):
    """One thing on which the two sides do not agree, in minor units; empty: that side does not know of it.

    The same figures found again are the same difference, with its explanation; other figures are another one.
    """

    subject = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)
    ours = models.BigIntegerField(null=True, blank=True)
    theirs = models.BigIntegerField(null=True, blank=True)
    first_run = models.ForeignKey(ReconciliationRun, on_delete=models.PROTECT, related_name="found")
    last_run = models.ForeignKey(ReconciliationRun, on_delete=models.PROTECT, related_name="differences")
    gone_at = models.DateTimeField(null=True, blank=True, help_text="when the two sides were found to agree again")
    reason = models.CharField(max_length=500, blank=True, help_text="why the two sides may differ here")
    explained_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    explained_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("difference")
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "currency", "ours", "theirs"],
                condition=Q(gone_at__isnull=True),
                nulls_distinct=False,
                name="difference_once_while_it_lasts",
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject}: {self.said(self.ours)} / {self.said(self.theirs)}"

    def said(self, minor: int | None) -> str:
        """A side's figure, or that it knows nothing."""
        return "nothing" if minor is None else str(Money(minor, self.currency))
