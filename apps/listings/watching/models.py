"""Which member watches which listing, and the price that they know."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from apps.core.models import Base


class Watch(Base):
    """A member watches a listing. A lower price than the known one is told, once."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="watches")
    listing = models.ForeignKey("listings.Listing", on_delete=models.CASCADE, related_name="watches")
    first_minor = models.PositiveBigIntegerField(help_text="its price when the watching began")
    known_minor = models.PositiveBigIntegerField(help_text="its price when it was last looked at for the watchers")

    class Meta:
        verbose_name_plural = "watches"
        constraints = [models.UniqueConstraint(fields=["owner", "listing"], name="watch_once")]
        indexes = [models.Index(fields=["owner", "-created_at"], name="watch_by_owner")]

    def __str__(self) -> str:
        return f"{self.owner_id} {self.listing_id}"
