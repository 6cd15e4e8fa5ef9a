"""One member's wish to have nothing to do with another."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.core.models import Base


class Block(Base):
    """`owner` neither sells to `other` nor hears from them; the same holds the other way round."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="blocks")
    other = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="blocked_by")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "other"], name="block_once_per_pair"),
            models.CheckConstraint(condition=~Q(owner=F("other")), name="block_is_of_somebody_else"),
        ]

    def __str__(self) -> str:
        return f"{self.owner_id} blocks {self.other_id}"
