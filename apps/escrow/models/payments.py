"""Money on its way: payments that come for a hold, settlements that leave it, and what a bank takes back."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.models import Base
from apps.escrow.models.holds import Hold


class Payment(Base):
    """One attempt to pay for a hold. Money counts only when Stripe itself says that it has arrived."""

    class State(models.TextChoices):
        """What Stripe said last."""

        PENDING = "pending", _("Not paid yet")
        ACTION = "action", _("Waiting for the bank's confirmation")
        SUCCEEDED = "succeeded", _("Paid")
        FAILED = "failed", _("Declined")
        CANCELLED = "cancelled", _("Cancelled")
        RETURNED = "returned", _("Returned: paid twice or too late")

    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, related_name="payments")
    attempt = models.PositiveSmallIntegerField(default=1)
    payment_method = models.CharField(max_length=120, blank=True, help_text="empty: on the processor's own page")
    keeps_card = models.BooleanField(default=False, help_text="the card is kept for the payer's next payments")
    return_url = models.CharField(max_length=600, blank=True, help_text="where the payer goes on afterwards")
    cancel_url = models.CharField(max_length=600, blank=True, help_text="where the payer goes on without paying")
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3, default="USD")
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    checkout_id = models.CharField(max_length=120, blank=True, db_index=True)
    checkout_url = models.URLField(max_length=600, blank=True)
    intent_id = models.CharField(max_length=120, blank=True, db_index=True)
    charge_id = models.CharField(max_length=120, blank=True, db_index=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    next_action_url = models.URLField(max_length=600, blank=True)
    failure_code = models.CharField(max_length=60, blank=True)
    failure_message = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hold", "attempt"], name="payment_attempt_once"),
            models.UniqueConstraint(
                fields=["hold"], condition=Q(state="succeeded"), name="payment_one_success_per_hold"
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.attempt} {self.state}"


class Settlement(Base):
    """Money that leaves: a transfer to the seller, a refund to the buyer. Sent to Stripe by a task, retried."""

    class Kind(models.TextChoices):
        """Which way."""

        TRANSFER = "transfer", _("Transfer to the seller")
        REFUND = "refund", _("Refund to the buyer")
        RETURN = "return", _("Return of a payment that was not owed")
        GOODWILL = "goodwill", _("Refund after the release")
        REVERSAL = "reversal", _("Taken back from the seller's payout account")

    class State(models.TextChoices):
        """How far it is."""

        DUE = "due", _("To be sent")
        WAITING = "waiting", _("Waiting for the seller's payout account")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed, needs an operator")
        NETTED = "netted", _("Set off against what the seller owes")

    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, related_name="settlements")
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="settlements", help_text="the payment that the money came with"
    )
    kind = models.CharField(max_length=8, choices=Kind)
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3, default="USD")
    cause = models.CharField(max_length=80, blank=True, help_text="of those that a sale may have several of")
    recovered_minor = models.PositiveBigIntegerField(
        default=0, help_text="of a transfer: kept for what the seller owes"
    )
    state = models.CharField(max_length=8, choices=State, default=State.DUE)
    stripe_id = models.CharField(max_length=120, blank=True, db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    key_number = models.PositiveSmallIntegerField(
        default=0, help_text="a refusal stays with its key: the next has another"
    )
    first_tried_at = models.DateTimeField(null=True, blank=True)
    next_attempt_at = models.DateTimeField(default=timezone.now, db_index=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["hold", "kind", "cause"],
                condition=~Q(kind="return"),
                name="settlement_once_per_hold_kind_and_cause",
            ),
            models.UniqueConstraint(
                fields=["payment"], condition=Q(kind="return"), name="settlement_one_return_per_payment"
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="settlement_amount_positive"),
            models.CheckConstraint(
                condition=Q(recovered_minor=0) | Q(kind="transfer", recovered_minor__lte=F("amount_minor")),
                name="settlement_recovered_within_transfer",
            ),
            models.CheckConstraint(
                condition=Q(cause="") | Q(kind__in=["goodwill", "reversal"]), name="settlement_cause_of_repeatable"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"

    @property
    def sent_minor(self) -> int:
        """What is sent, in minor units: a transfer less what was kept of it."""
        return self.amount_minor - self.recovered_minor


class Chargeback(Base):
    """The payer's bank takes a payment back. The processor draws amount and fee from us until the bank has decided."""

    class State(models.TextChoices):
        """Who has the money."""

        OPEN = "open", _("Under way")
        WON = "won", _("Won: the money came back")
        LOST = "lost", _("Lost: the bank kept the money")

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="chargebacks")
    stripe_id = models.CharField(max_length=120, unique=True)
    amount_minor = models.PositiveBigIntegerField()
    drawn_minor = models.BigIntegerField(default=0, help_text="what has left our balance for it: amount and fee")
    currency = models.CharField(max_length=3, default="USD")
    reason = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    evidence_due_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.stripe_id} ({self.state})"
