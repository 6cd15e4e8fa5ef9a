"""Money: double-entry ledger, hold, payment, payout to a seller, dispute, Stripe account, webhook inbox.

The ledger's invariants (zero sum per currency, append only, floors) are kept by triggers; see migrations and ledger.py.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.models import Base
from apps.escrow.cases.models import ACTIVE, CaseState


class LedgerAccount(models.Model):
    """One balance in one currency. `code` says whose: `hold:<id>`, `member:<id>:available`, `platform:fees` …"""

    id = models.BigAutoField(primary_key=True)
    code = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)
    balance = models.BigIntegerField(
        default=0,
        help_text="derived by trigger: of all entries with a floor, of the sealed ones without; read live_balance",
    )
    floor = models.BigIntegerField(null=True, blank=True, help_text="the balance may not go below; empty: no floor")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "currency"], name="account_once_per_currency"),
            models.UniqueConstraint(fields=["id", "currency"], name="account_currency_reference"),
            models.CheckConstraint(
                condition=Q(floor__isnull=True) | Q(balance__gte=F("floor")), name="account_balance_above_floor"
            ),
            models.CheckConstraint(condition=Q(currency__regex="^[A-Z]{3}$"), name="account_currency_is_a_code"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.currency}"

    @property
    def live_balance(self) -> int:
        """The balance now, in minor units; an account without a floor asks for its entries since the last seal."""
        from apps.escrow import ledger

        return self.balance if self.floor is not None else ledger.balance(self.code, self.currency).amount_minor


class LedgerTransaction(models.Model):
    """Entries that sum to zero per currency, posted once per idempotency key."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=24)
    idempotency_key = models.CharField(max_length=160, unique=True)
    cause = models.CharField(max_length=120, blank=True, help_text="e.g. hold:0190…")
    posted_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.kind} {self.idempotency_key}"


class LedgerEntry(models.Model):
    """An amount on one account; append only."""

    id = models.BigAutoField(primary_key=True)
    transaction = models.ForeignKey(LedgerTransaction, on_delete=models.PROTECT, related_name="entries")
    # The trigger of the entries sees to account and currency: a foreign key would lock an account that all post to.
    account = models.ForeignKey(
        LedgerAccount, on_delete=models.PROTECT, related_name="entries", db_constraint=False, db_index=False
    )
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "ledger entries"
        indexes = [models.Index(fields=["account", "transaction"], name="entry_of_account")]
        constraints = [models.CheckConstraint(condition=~Q(amount=0), name="entry_amount_not_zero")]

    def __str__(self) -> str:
        return f"{self.amount:+d} {self.currency}"


class LedgerSeal(models.Model):
    """A run of transactions, up to `last_id`, put under the chain of hashes; append only. See ledger/sealing.py."""

    number = models.BigIntegerField(primary_key=True)
    last_id = models.BigIntegerField(unique=True)
    ids = ArrayField(models.BigIntegerField(), help_text="of the transactions, in order")
    hashes = models.BinaryField(help_text="the hash after each of them, 32 bytes each")
    previous = models.BinaryField(help_text="the hash before the first of them")
    hash = models.BinaryField(help_text="the hash after the last of them")
    sealed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"seal {self.number}"


class LedgerHorizon(models.Model):
    """One row: the highest transaction id when the sealer last looked, and the SQL transactions that then wrote."""

    last_id = models.BigIntegerField()
    writers = ArrayField(models.TextField(), db_default=[])

    def __str__(self) -> str:
        return f"up to {self.last_id}"


class LedgerCheck(models.Model):
    """One proof of the books by the schedule: what it went over, and every invariant that it found broken."""

    checked_at = models.DateTimeField(default=timezone.now, db_index=True)
    transactions = models.BigIntegerField()
    entries = models.BigIntegerField()
    seals = models.BigIntegerField()
    head = models.CharField(max_length=64, blank=True, help_text="the chain's hash at the last seal, in hex")
    findings = models.JSONField(default=list, help_text="a sentence for each")

    def __str__(self) -> str:
        return f"{self.checked_at:%Y-%m-%d %H:%M}: {len(self.findings)} findings"


class HoldState(models.TextChoices):
    """Where the held money stands; transitions in apps/escrow/states.py."""

    CREATED = "created", _("Waiting for payment")
    FUNDED = "funded", _("Paid, waiting for the parcel")
    SHIPPED = "shipped", _("On its way")
    DELIVERED = "delivered", _("Delivered, inspection")
    DISPUTED = "disputed", _("In dispute")
    RELEASED = "released", _("Released to the seller")
    REFUNDED = "refunded", _("Refunded to the buyer")
    SPLIT = "split", _("Split between both")
    CANCELLED = "cancelled", _("Cancelled")


class Hold(Base):
    """Money of one payer kept for one payee until both are content. The amount includes shipping and our fee."""

    payer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="holds_paid")
    payee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="holds_received")
    amount_minor = models.PositiveBigIntegerField()
    fee_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3, default="USD")
    state = models.CharField(max_length=10, choices=HoldState, default=HoldState.CREATED)
    due_at = models.DateTimeField(null=True, blank=True, db_index=True, help_text="when the next deadline passes")
    due_event = models.CharField(
        max_length=24, blank=True, help_text="what then happens: an event of the state machine"
    )
    description = models.CharField(max_length=200)
    cause = models.CharField(max_length=120, unique=True, help_text="what it is for, e.g. trade:0190…")
    funded_at = models.DateTimeField(
        null=True, blank=True, help_text="when the money arrived; later by as long as a moderator looked at it"
    )
    shipped_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    refunded_minor = models.PositiveBigIntegerField(default=0)
    checked_since = models.DateTimeField(
        null=True, blank=True, help_text="a moderator looks at it before the parcel leaves; meanwhile the clock stands"
    )
    clock_left = models.DurationField(null=True, blank=True, help_text="what was left to the deadline when it stopped")
    is_led = models.BooleanField(
        default=False, help_text="moved by the agreement named in cause, which has the clock; its two pay and object"
    )
    security_minor = models.PositiveBigIntegerField(
        default=0, help_text="the part of a led hold that comes back to the payer when all is well"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="hold_amount_positive"),
            models.CheckConstraint(
                condition=Q(is_led=True, security_minor__lte=F("amount_minor")) | Q(security_minor=0),
                name="hold_security_of_led_within_amount",
            ),
            models.CheckConstraint(
                condition=Q(checked_since__isnull=True) | ~Q(state="funded") | Q(due_at__isnull=True),
                name="hold_checked_has_no_clock",
            ),
            models.CheckConstraint(
                condition=Q(checked_since__isnull=True) | Q(state__in=["funded", "disputed"]),
                name="hold_checked_does_not_move",
            ),
            models.CheckConstraint(condition=Q(fee_minor__lte=F("amount_minor")), name="hold_fee_within_amount"),
            models.CheckConstraint(
                condition=Q(refunded_minor__lte=F("amount_minor")), name="hold_refund_within_amount"
            ),
            models.CheckConstraint(condition=~Q(payer=F("payee")), name="hold_between_two_people"),
        ]

    def __str__(self) -> str:
        return f"{self.description} ({self.state})"


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


class SellerAccount(Base):
    """A seller's Stripe Express account and what Stripe says of it."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="seller_account")
    stripe_id = models.CharField(max_length=120, unique=True, null=True, blank=True)
    transfers_active = models.BooleanField(default=False)
    payouts_enabled = models.BooleanField(default=False)
    details_submitted = models.BooleanField(default=False)
    requirements_due = models.JSONField(default=list)
    requirements_past_due = models.JSONField(default=list)
    requirements_pending = models.JSONField(default=list, help_text="given, being checked")
    disabled_reason = models.CharField(max_length=80, blank=True)
    due_by = models.DateTimeField(null=True, blank=True, help_text="when payouts stop if nothing is given")
    country = models.CharField(max_length=2, blank=True)
    refreshed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.stripe_id or "not opened yet"


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


class WebhookEvent(models.Model):
    """Inbox: each of Stripe's events, stored once, then handled by a task; what fails is retried and finally parked."""

    event_id = models.CharField(primary_key=True, max_length=120)
    type = models.CharField(max_length=80)
    object_id = models.CharField(max_length=120, blank=True)
    payload = models.JSONField()
    api_version = models.CharField(max_length=40, blank=True, help_text="in which the message is written")
    occurred_at = models.DateTimeField(default=timezone.now, help_text="by the processor's clock")
    received_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    handled_at = models.DateTimeField(null=True, blank=True)
    parked_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(handled_at__isnull=True, parked_at__isnull=True),
                name="webhook_pending",
            ),
            models.Index(
                fields=["object_id", "occurred_at"],
                condition=Q(handled_at__isnull=True, parked_at__isnull=True),
                name="webhook_pending_of_object",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class Dispute(Base):
    """A disagreement about a hold; money stays until both agree or a moderator decides."""

    class Reason(models.TextChoices):
        """What the opener says is wrong."""

        NOT_RECEIVED = "not-received", _("It did not arrive")
        NOT_AS_DESCRIBED = "not-as-described", _("Condition is worse than described")
        WRONG_ITEM = "wrong-item", _("It is a different printing")
        COUNTERFEIT = "counterfeit", _("It may be a counterfeit")
        DAMAGED = "damaged", _("Damaged on the way")
        OTHER = "other", _("Something else")

    State = CaseState

    class Outcome(models.TextChoices):
        """What was decided."""

        RELEASE = "release", _("Released to the seller")
        REFUND = "refund", _("Refunded to the buyer")
        SPLIT = "split", _("Split")

    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, related_name="disputes")
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="disputes_opened")
    reason = models.CharField(max_length=20, choices=Reason)
    statement = models.TextField(max_length=4000)
    answer = models.TextField(max_length=4000, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answer_due_at = models.DateTimeField()
    turn = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="whose move it is while the two talk",
    )
    turn_due_at = models.DateTimeField(null=True, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="who wants a moderator, since the other last moved",
    )
    due_at = models.DateTimeField(null=True, blank=True, help_text="when the case's own clock acts next")
    escalated_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=CaseState, default=CaseState.OPEN)
    outcome = models.CharField(max_length=8, choices=Outcome, blank=True)
    refund_minor = models.PositiveBigIntegerField(null=True, blank=True)
    decision = models.TextField(max_length=4000, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="disputes_decided"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hold"], condition=Q(state__in=ACTIVE), name="dispute_one_open_per_hold"),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="dispute_due")]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} ({self.state})"


class Evidence(Base):
    """A picture, PDF or note that one side adds to a dispute; stays with the case."""

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="evidence")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=1000, blank=True)
    file = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=64, blank=True, help_text="of note and picture as sent: the same counts once")

    class Meta:
        verbose_name_plural = "evidence"
        constraints = (
            models.UniqueConstraint(fields=["dispute", "by", "digest"], condition=~Q(digest=""), name="evidence_once"),
        )

    def __str__(self) -> str:
        return self.note[:40] or self.file

    @property
    def is_document(self) -> bool:
        """Whether the file is a PDF, which is handed out as a download alone."""
        return self.file.endswith(".pdf")


# So that Django knows them.
from apps.escrow.approvals.models import Approval  # noqa: E402, F401
from apps.escrow.cards.models import Customer, SavedCard  # noqa: E402, F401
from apps.escrow.cases.models import CaseEntry, CaseOffer, CaseParcel, CaseRuling  # noqa: E402, F401
from apps.escrow.chargebacks.models import ChargebackAnswer, ChargebackFile  # noqa: E402, F401
from apps.escrow.payouts.models import SellerPayout  # noqa: E402, F401
from apps.escrow.reconciling.models import ReconciliationDifference, ReconciliationRun  # noqa: E402, F401
