"""The answer to a chargeback as it is being prepared and as it was sent: words and files by the processor's field names."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import Base


class ChargebackAnswer(Base):
    """What the bank is told, by the processor's names; collected by itself, completed by a moderator, sent once."""

    class State(models.TextChoices):
        """How far it is."""

        DRAFT = "draft", _("Being prepared")
        SENT = "sent", _("Sent to the bank")

    chargeback = models.OneToOneField("escrow.Chargeback", on_delete=models.PROTECT, related_name="answer")
    words = models.JSONField(default=dict, help_text="by the processor's names, e.g. shipping_tracking_number")
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    sent_at = models.DateTimeField(null=True, blank=True)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="draft", sent_at__isnull=True) | Q(state="sent", sent_at__isnull=False),
                name="chargeback_answer_sent_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"answer ({self.state})"


class ChargebackFile(Base):
    """A file of the answer in one of the processor's file fields; a new one for the same field replaces it."""

    answer = models.ForeignKey(ChargebackAnswer, on_delete=models.PROTECT, related_name="files")
    field = models.CharField(max_length=40, help_text="the processor's name, e.g. shipping_documentation")
    name = models.CharField(max_length=200, help_text="in our storage")
    digest = models.CharField(max_length=64)
    stripe_id = models.CharField(max_length=120, blank=True, help_text="once it is uploaded")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["answer", "field"], name="chargeback_file_one_per_field")]

    def __str__(self) -> str:
        return self.field
