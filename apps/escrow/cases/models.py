"""What a case is made of besides its two statements: offers, rulings, a parcel that goes first, and the log."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.models import Base


class CaseState(models.TextChoices):
    """Where a case stands; what leads on is in cases/states.py."""

    OPEN = "open", _("Waiting for the other side")
    ANSWERED = "answered", _("Both sides are talking")
    ESCALATED = "escalated", _("Waiting for a moderator")
    RULED = "ruled", _("Decided, can be appealed")
    APPEALED = "appealed", _("Appealed, waiting for another moderator")
    RETURNING = "returning", _("A parcel goes first")
    DECIDED = "decided", _("Settled")
    WITHDRAWN = "withdrawn", _("Withdrawn")


ACTIVE = (
    CaseState.OPEN,
    CaseState.ANSWERED,
    CaseState.ESCALATED,
    CaseState.RULED,
    CaseState.APPEALED,
    CaseState.RETURNING,
)

UNRULED = (CaseState.OPEN, CaseState.ANSWERED, CaseState.ESCALATED)  # no moderator has decided, and nothing is agreed


class Remedy(models.TextChoices):
    """How a case can be settled."""

    RELEASE = "release", _("The seller gets the money")
    REFUND = "refund", _("All money goes back")
    SPLIT = "split", _("A part of the money goes back")
    RETURN = "return", _("The parcel goes back first, then the money")
    REPLACEMENT = "replacement", _("The seller sends another one first, then gets the money")


class _Terms(Base):
    """What a case is to be settled by."""

    remedy = models.CharField(max_length=12, choices=Remedy)
    refund_minor = models.PositiveBigIntegerField(help_text="what goes back to the payer in the end")

    class Meta:
        abstract = True


class CaseOffer(_Terms):
    """What one side offers to settle by; accepting it carries it out. A counter voids the former."""

    class State(models.TextChoices):
        """What became of it."""

        OPEN = "open", _("Waiting for an answer")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        COUNTERED = "countered", _("Replaced by another offer")
        EXPIRED = "expired", _("Not answered in time")
        VOID = "void", _("The case went on without it")

    dispute = models.ForeignKey("escrow.Dispute", on_delete=models.PROTECT, related_name="offers")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=1000, blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    due_at = models.DateTimeField(help_text="until when it can be accepted")
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dispute"], condition=Q(state="open"), name="case_offer_one_open"),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True) | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="case_offer_closed_has_its_time",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(state="open"), name="case_offer_due")]

    def __str__(self) -> str:
        return f"{self.get_remedy_display()} ({self.state})"


class CaseRuling(_Terms):
    """A moderator's decision. The money waits until it can no longer be appealed."""

    dispute = models.ForeignKey("escrow.Dispute", on_delete=models.PROTECT, related_name="rulings")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decision = models.TextField(max_length=4000)
    not_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="the moderator whose ruling was appealed",
    )
    is_final = models.BooleanField(default=False)
    accepted_by_payer_at = models.DateTimeField(null=True, blank=True)
    accepted_by_payee_at = models.DateTimeField(null=True, blank=True)
    appealed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    appealed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(not_by__isnull=True) | ~Q(by=F("not_by")), name="case_appeal_by_another_moderator"
            ),
            models.CheckConstraint(
                condition=Q(is_final=False) | Q(appealed_at__isnull=True), name="case_final_ruling_stands"
            ),
            models.UniqueConstraint(
                fields=["dispute"], condition=Q(appealed_at__isnull=False), name="case_appealed_once"
            ),
        ]

    def __str__(self) -> str:
        return self.get_remedy_display()


class CaseParcel(_Terms):
    """A parcel that goes before the money does: back to the seller, or a replacement to the buyer."""

    dispute = models.ForeignKey("escrow.Dispute", on_delete=models.PROTECT, related_name="parcels")
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(max_length=4000, help_text="what was agreed or decided, as the case will say")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", help_text="who accepted, or ruled"
    )
    carrier = models.CharField(max_length=60, blank=True)
    tracking_number = models.CharField(max_length=60, blank=True)
    shipped_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dispute"], condition=Q(closed_at__isnull=True), name="case_parcel_one_under_way"
            ),
            models.CheckConstraint(
                condition=Q(received_at__isnull=True) | Q(shipped_at__isnull=False),
                name="case_parcel_received_after_shipped",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.carrier} {self.tracking_number}".strip() or "parcel"


class CaseEntry(models.Model):
    """One line of a case's log. Append only: triggers refuse to change or remove any."""

    class What(models.TextChoices):
        """What happened."""

        OPENED = "opened", _("opened the case")
        FROZEN = "frozen", _("the bank disputes the payment")
        ANSWERED = "answered", _("answered")
        EVIDENCE = "evidence", _("added evidence")
        OFFERED = "offered", _("offered to settle")
        COUNTERED = "countered", _("made a counter-offer")
        ACCEPTED = "accepted", _("accepted the offer")
        DECLINED = "declined", _("declined the offer")
        EXPIRED = "expired", _("the offer was not answered in time")
        ASKED = "asked", _("asked for a moderator")
        ESCALATED = "escalated", _("a moderator takes over")
        URGENT = "urgent", _("open for too long: on top of the moderators' queue")
        RULED = "ruled", _("decided")
        CONSENTED = "consented", _("accepted the decision")
        APPEALED = "appealed", _("appealed")
        FINAL = "final", _("the decision stands")
        AWAITED = "awaited", _("a parcel goes first")
        SENT = "sent", _("sent the parcel")
        RECEIVED = "received", _("received the parcel")
        UNCLAIMED = "unclaimed", _("nobody objected to the parcel in time")
        UNSENT = "unsent", _("the parcel was not sent in time")
        CONTESTED = "contested", _("objected to the parcel")
        WITHDRAWN = "withdrawn", _("withdrew the case")
        CLOSED = "closed", _("the case is settled")

    id = models.BigAutoField(primary_key=True)
    dispute = models.ForeignKey("escrow.Dispute", on_delete=models.PROTECT, related_name="log")
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="empty: the clock, or the payment processor",
    )
    what = models.CharField(max_length=12, choices=What)
    text = models.TextField(blank=True, help_text="the words as they were")
    remedy = models.CharField(max_length=12, choices=Remedy, blank=True)
    refund_minor = models.PositiveBigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "case log"

    def __str__(self) -> str:
        return f"{self.what} {self.at:%Y-%m-%d %H:%M}"
