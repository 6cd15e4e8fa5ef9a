"""Money as moderators see it: everything to look at, nothing to edit. What can be done again is done by actions."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from apps.core.errors import DomainError
from apps.core.money import Money
from apps.escrow import actions, queries
from apps.escrow.actions.receivables import debtor_of, left_to_give_back, owed_by
from apps.escrow.admin_tables import ReadOnly, Rows, in_money
from apps.escrow.approvals import actions as approvals
from apps.escrow.approvals.models import Approval
from apps.escrow.chargebacks.admin import answer_page
from apps.escrow.models import (
    Chargeback,
    Dispute,
    Evidence,
    Hold,
    LedgerAccount,
    LedgerEntry,
    LedgerTransaction,
    Payment,
    SellerAccount,
    SellerPayout,
    Settlement,
    WebhookEvent,
)
from apps.escrow.operating import ReasonForm, ask_then
from apps.escrow.payouts.stages import ADVICE, stage_of
from apps.escrow.queries import duration

WAITS = "Written down: so much money takes two. It is done when another moderator agrees."


class PaymentRows(Rows):
    """Attempts to pay."""

    model = Payment
    fields = readonly_fields = ("attempt", "state", "created_at", "paid_at", "intent_id", "failure_message")


class SettlementRows(Rows):
    """What leaves."""

    model = Settlement
    fields = readonly_fields = (
        "kind",
        "state",
        in_money("amount_minor"),
        "attempts",
        "stripe_id",
        "sent_at",
        "last_error",
    )


class DisputeRows(Rows):
    """Cases."""

    model = Dispute
    fields = readonly_fields = ("reason", "state", "opened_by", "created_at", "outcome", "decided_by")


class EvidenceRows(Rows):
    """What both sides brought."""

    model = Evidence
    fields = readonly_fields = ("created_at", "by", "note", "file")


class PayoutRows(Rows):
    """What went on to the seller's bank."""

    model = SellerPayout
    fields = readonly_fields = ("stripe_id", in_money("amount_minor"), "state", "arrives_at", "failure")
    show_change_link = False


class EntryRows(Rows):
    """Entries of a ledger transaction."""

    model = LedgerEntry
    fields = readonly_fields = ("account", in_money("amount"))
    show_change_link = False


@admin.register(Hold)
class HoldAdmin(ReadOnly):
    """Holds with their payments, settlements and cases."""

    list_display = ("description", "state", "money", "payer", "payee", "due_at", "then", "created_at")
    list_filter = ("state", "currency")
    list_select_related = ("payer", "payee")
    search_fields = ("id", "cause", "description", "payer__email", "payee__email")
    ordering = ("-created_at",)
    inlines = (PaymentRows, SettlementRows, DisputeRows)
    actions_detail = ("give_back",)

    @display(description=_("then"))
    def then(self, hold: Hold) -> str:
        """What the clock does at that time."""
        return queries.what_then(hold)

    @action(description=_("Give money back after the release"), permissions=["change"], url_path="give-back")
    def give_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask how much and why; the seller owes it from then on."""
        hold = get_object_or_404(Hold.objects.select_related("payer", "payee"), pk=object_id)
        left = left_to_give_back(hold)
        form = ReasonForm(request.POST or None, currency=hold.currency, most=left)

        def act(**given: object) -> str:
            money = Money(given["amount_minor"], hold.currency)
            kind = Approval.Kind.GIVE_BACK
            if approvals.do(kind=kind, subject_id=hold.pk, money=money, given=given, by=request.user):
                return WAITS
            return f"{money} go back to {hold.payer}; {hold.payee} owes them."

        return ask_then(
            request,
            form,
            act,
            title="Give money back after the release",
            words=f"{hold.description}: {Money(left, hold.currency)} can still go back to {hold.payer}. {hold.payee} owes"
            " what goes back, less our fee on it; it is taken from the payout account or from the next sales.",
            submit="Give it back",
            back=reverse("admin:escrow_hold_change", args=[hold.pk]),
        )

    @display(description=_("amount"), ordering="amount_minor")
    def money(self, hold: Hold) -> str:
        """The amount with its currency."""
        return str(Money(hold.amount_minor, hold.currency))


@admin.register(Payment)
class PaymentAdmin(ReadOnly):
    """Attempts to pay."""

    list_display = ("hold", "attempt", "state", in_money("amount_minor"), "failure_code", "created_at")
    list_filter = ("state", "currency")
    list_select_related = ("hold",)
    search_fields = ("id", "intent_id", "checkout_id", "charge_id", "hold__id", "hold__cause")
    ordering = ("-created_at",)


@admin.register(Settlement)
class SettlementAdmin(ReadOnly):
    """Transfers and refunds; failed ones can be tried again."""

    list_display = ("hold", "kind", "state", in_money("amount_minor"), "attempts", "next_attempt_at", "last_error")
    list_filter = ("state", "kind", "currency")
    list_select_related = ("hold",)
    search_fields = ("id", "stripe_id", "hold__id", "hold__cause")
    ordering = ("-created_at",)
    actions = ("try_again",)

    @admin.action(description=_("Try again to send"), permissions=["change"])
    def try_again(self, request: HttpRequest, chosen: QuerySet[Settlement]) -> None:
        """Have the chosen failed ones sent again."""
        _for_each(self, request, chosen, lambda row: actions.retry_settlement(settlement=row, by=request.user))


@admin.register(Dispute)
class DisputeAdmin(ReadOnly):
    """Cases with their evidence. They are decided on the case's own page."""

    list_display = ("hold", "reason", "state", "opened_by", "created_at", "escalated_at", "outcome", "decided_by")
    list_filter = ("state", "reason", "outcome")
    list_select_related = ("hold", "opened_by", "decided_by")
    search_fields = ("id", "hold__id", "hold__cause")
    ordering = ("-created_at",)
    inlines = (EvidenceRows,)


@admin.register(Chargeback)
class ChargebackAdmin(ReadOnly):
    """Payments that a bank took back."""

    list_display = (
        "stripe_id",
        "payment",
        "state",
        in_money("amount_minor"),
        in_money("drawn_minor"),
        "reason",
        "evidence_due_at",
    )
    list_filter = ("state",)
    list_select_related = ("payment",)
    search_fields = ("stripe_id", "payment__charge_id")
    ordering = ("-created_at",)
    actions_detail = ("answer",)

    @action(description=_("Answer the bank"), permissions=["change"], url_path="answer")
    def answer(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What was collected, to complete and to send."""
        return answer_page(request, object_id)


@admin.register(SellerAccount)
class SellerAccountAdmin(ReadOnly):
    """Sellers' payout accounts."""

    list_display = ("user", "stripe_id", "stage", "payouts_enabled", "due_by", "disabled_reason", "refreshed_at")
    list_filter = ("transfers_active", "payouts_enabled", "details_submitted")
    list_select_related = ("user",)
    search_fields = ("stripe_id", "user__email")
    inlines = (PayoutRows,)

    @display(description=_("stage"), ordering="transfers_active")
    def stage(self, account: SellerAccount) -> str:
        """Where it stands, in words."""
        return str(ADVICE[stage_of(account if account.stripe_id else None)].label)


@admin.register(WebhookEvent)
class WebhookEventAdmin(ReadOnly):
    """The inbox; parked messages can be handled again."""

    list_display = ("event_id", "type", "object_id", "age", "attempts", "handled_at", "parked_at", "last_error")
    list_filter = (
        ("parked_at", admin.EmptyFieldListFilter),
        ("handled_at", admin.EmptyFieldListFilter),
        "type",
    )
    search_fields = ("event_id", "object_id")
    ordering = ("-received_at",)
    actions = ("handle_again",)

    @display(description=_("age"), ordering="-received_at")
    def age(self, message: WebhookEvent) -> str:
        """How long it waits, or waited."""
        return duration((message.handled_at or timezone.now()) - message.received_at)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """The table, with how the inbox stands above it."""
        if request.method == "GET":
            inbox = queries.inbox()
            if inbox.parked:
                self.message_user(request, _("%(n)s parked: look at them.") % {"n": inbox.parked}, messages.WARNING)
            if inbox.waiting:
                said = _("%(n)s wait, the oldest for %(age)s.") % {"n": inbox.waiting, "age": duration(inbox.age)}
                self.message_user(request, said, messages.INFO)
        return super().changelist_view(request, extra_context)

    @admin.action(description=_("Handle again"), permissions=["change"])
    def handle_again(self, request: HttpRequest, chosen: QuerySet[WebhookEvent]) -> None:
        """Release the chosen messages."""
        _for_each(self, request, chosen, lambda row: actions.release_webhook(message=row, by=request.user))


@admin.register(LedgerAccount)
class LedgerAccountAdmin(ReadOnly):
    """Balances."""

    amounts = ("balance", "floor")
    list_display = ("code", "currency", "money", in_money("floor"))
    list_filter = ("currency",)
    search_fields = ("code",)
    ordering = ("code",)
    actions_detail = ("forgive",)

    @action(description=_("Forgive a debt"), permissions=["change"], url_path="forgive")
    def forgive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask how much and why; it becomes our loss."""
        account = get_object_or_404(LedgerAccount, pk=object_id)
        back = reverse("admin:escrow_ledgeraccount_change", args=[account.pk])
        member = debtor_of(account)
        if member is None:
            messages.error(request, "This is no member's debt: look for an account that ends in receivable.")
            return HttpResponseRedirect(back)
        owed = Money(owed_by(member.pk, account.currency), account.currency)
        form = ReasonForm(request.POST or None, currency=account.currency, most=owed.amount_minor)

        def act(amount_minor: int, reason: str, request_key: str) -> str:
            amount = Money(amount_minor, account.currency)
            given = {
                "amount_minor": amount_minor,
                "currency": account.currency,
                "reason": reason,
                "request_key": request_key,
            }
            kind = Approval.Kind.FORGIVE
            if approvals.do(kind=kind, subject_id=member.pk, money=amount, given=given, by=request.user):
                return WAITS
            return f"{member} does not owe {amount} any more."

        return ask_then(
            request,
            form,
            act,
            title="Forgive a debt",
            words=f"{member} owes {owed}. What is forgiven is our loss, for good.",
            submit="Forgive it",
            back=back,
        )

    @display(description=_("balance"), ordering="balance")
    def money(self, account: LedgerAccount) -> str:
        """The balance with its currency."""
        return str(Money(account.live_balance, account.currency))


@admin.register(LedgerTransaction)
class LedgerTransactionAdmin(ReadOnly):
    """Postings with their entries."""

    list_display = ("id", "kind", "idempotency_key", "cause", "posted_at")
    list_filter = ("kind",)
    search_fields = ("idempotency_key", "cause")
    ordering = ("-id",)
    inlines = (EntryRows,)


def _for_each(page: ModelAdmin, request: HttpRequest, chosen: QuerySet, act: object) -> None:
    """Run an action on each chosen row and say what came of it."""
    done = 0
    for row in chosen:
        try:
            act(row)
            done += 1
        except DomainError as error:
            page.message_user(request, f"{row}: {error.message}", messages.ERROR)
    if done:
        page.message_user(request, _("%(done)s are tried again.") % {"done": done}, messages.SUCCESS)


# So that Django knows its pages.
from apps.escrow.reconciling import admin as _reconciling  # noqa: E402, F401
