"""A seller's record and score as every page reads them; kept up by trades."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.accounts.standing.formula import level_of


class SellerStanding(models.Model):
    """One row for each member who has sold or was reviewed as a seller. See formula.py for what the numbers mean."""

    member = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="standing"
    )
    sales = models.PositiveIntegerField(default=0)
    paid = models.PositiveIntegerField(default=0)
    good = models.PositiveIntegerField(default=0)
    shipped = models.PositiveIntegerField(default=0)
    quick = models.PositiveIntegerField(default=0)
    reviews = models.PositiveIntegerField(default=0)
    stars = models.PositiveIntegerField(default=0)
    score = models.PositiveSmallIntegerField()
    figured_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(score__lte=100), name="standing_score_in_range"),
            models.CheckConstraint(condition=Q(good__lte=F("paid")), name="standing_good_within_paid"),
            models.CheckConstraint(condition=Q(quick__lte=F("shipped")), name="standing_quick_within_shipped"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id}: {self.score}"

    @property
    def is_new(self) -> bool:
        """Whether the first sales are still to come."""
        return self.sales < settings.NEW_SELLER_SALES

    @property
    def level(self) -> str:
        """The score in a word."""
        return level_of(self.score)

    @property
    def rating(self) -> float | None:
        """The mean of the visible ratings."""
        return self.stars / self.reviews if self.reviews else None
