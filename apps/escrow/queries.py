"""Reads for pages: whose turn it is, what a member may do with a hold, a seller's payouts, the published rules."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, F, Min, Q, QuerySet, Sum
from django.utils import timezone

from apps.accounts.models import User
from apps.core.errors import NotFound
from apps.core.money import Money
from apps.escrow import ledger, states
from apps.escrow.actions.holds import cancel_opens_at, claim_opens_at
from apps.escrow.models import Dispute, Hold, HoldState, LedgerAccount, Payment, SellerAccount, Settlement, WebhookEvent
from apps.escrow.payouts.models import SellerPayout
from apps.escrow.payouts.stages import ADVICE, KEPT_FOR_YOU, UNPAID_STAGES, Advice, Stage, in_plain_words, stage_of
from apps.escrow.states import Actor, HoldEvent

__all__ = [
    "Inbox",
    "Payouts",
    "Rule",
    "Standing",
    "cancel_opens_at",
    "claim_opens_at",
    "dispute_of",
    "duration",
    "fee_schedule",
    "inbox",
    "options",
    "payment_of",
    "payouts_of",
    "rules",
    "standing",
]

_NEXT_ACTOR = {
    HoldState.CREATED: Actor.PAYER,
    HoldState.FUNDED: Actor.PAYEE,
    HoldState.SHIPPED: Actor.PAYER,
    HoldState.DELIVERED: Actor.PAYER,
}


@dataclass(frozen=True)
class Standing:
    """Where a hold stands: who acts next, by when, and what happens otherwise. None and "" where nothing waits."""

    state: HoldState
    next_actor: Actor | None
    due_at: dt.datetime | None
    then: str


@dataclass(frozen=True)
class Rule:
    """One published deadline."""

    state: str
    after: dt.timedelta
    meaning: str

    @property
    def duration(self) -> str:
        """The time in whole days or hours, as people say it."""
        hours = int(self.after.total_seconds() // 3600)
        return f"{hours // 24} days" if hours % 24 == 0 and hours > 24 else f"{hours} hours"


@dataclass(frozen=True)
class Inbox:
    """How the inbox of the processor's messages stands. age: of the oldest that waits."""

    waiting: int
    parked: int
    age: dt.timedelta


@dataclass(frozen=True)
class Payouts:
    """What a seller is owed and got. `owed` holds an amount per currency."""

    account: SellerAccount | None
    stage: Stage
    owed: list[Money]
    owes: list[Money]
    waiting: list[Settlement]
    sent: list[Settlement]
    banked: list[SellerPayout]

    @property
    def advice(self) -> Advice:
        """The stage in plain words, and what to do next."""
        return ADVICE[self.stage]

    @property
    def kept_for_you(self) -> str:
        """What becomes of released sales meanwhile; empty where they are sent, or cannot be."""
        return str(KEPT_FOR_YOU) if self.stage in UNPAID_STAGES else ""

    @property
    def wanted(self) -> list[str]:
        """What the processor still wants, in plain words."""
        if self.account is None or self.stage not in (Stage.DUE, Stage.PAST_DUE):
            return []
        return in_plain_words([*self.account.requirements_past_due, *self.account.requirements_due])

    @property
    def can_be_paid(self) -> bool:
        """Whether transfers reach this seller."""
        return self.account is not None and self.account.transfers_active


def what_then(hold: Hold) -> str:
    """What happens to a hold when its next deadline passes, in words; empty without one."""
    ahead = states.DEADLINES.get(HoldState(hold.state), ())
    return next((deadline.meaning for deadline in ahead if deadline.event == hold.due_event), "")


def standing(hold: Hold) -> Standing:
    """Who acts next on a hold, by when, and what then happens. Asks the database only about a dispute."""
    state = HoldState(hold.state)
    then = what_then(hold)
    next_actor = _NEXT_ACTOR.get(state)
    if state == HoldState.DISPUTED:
        case = dispute_of(hold)
        sides = {hold.payer_id: Actor.PAYER, hold.payee_id: Actor.PAYEE}
        next_actor = sides.get(case.turn_id, Actor.MODERATOR) if case is not None else Actor.MODERATOR
    return Standing(state, next_actor, hold.due_at, then)


def options(hold: Hold, *, by: User, now: dt.datetime | None = None) -> frozenset[HoldEvent]:
    """What this member may do with the hold now; the actions themselves check it anew."""
    now = now or timezone.now()
    actor = {hold.payer_id: Actor.PAYER, hold.payee_id: Actor.PAYEE}.get(by.pk)
    if actor is None:
        if not by.is_moderator:
            return frozenset()
        actor = Actor.MODERATOR
    possible = {event for event, step in states.STEPS[HoldState(hold.state)].items() if actor in step.actors}
    opens_at = cancel_opens_at(hold)
    if hold.state == HoldState.FUNDED and actor == Actor.PAYER and opens_at is not None and now < opens_at:
        possible.discard(HoldEvent.CANCEL)
    return frozenset(possible)


def dispute_of(hold: Hold) -> Dispute | None:
    """The hold's latest dispute with its evidence."""
    return hold.disputes.order_by("-created_at").prefetch_related("evidence__by").first()


def payment_of(*, payment_id: object, by: User) -> Payment:
    """A payment of the member's own with its hold. Raises NotFound."""
    payment = Payment.objects.select_related("hold").filter(pk=payment_id, hold__payer=by).first()
    if payment is None:
        raise NotFound
    return payment


def payouts_of(user: User) -> Payouts:
    """The member's payout account, what is owed and the latest fifty transfers."""
    transfers = Settlement.objects.select_related("hold").filter(hold__payee=user, kind=Settlement.Kind.TRANSFER)
    done = [Settlement.State.SENT, Settlement.State.NETTED]
    owed = (
        transfers.exclude(state__in=done)
        .values("currency")
        .annotate(minor=Sum(F("amount_minor") - F("recovered_minor")))
        .order_by("currency")
    )
    waiting: QuerySet[Settlement] = transfers.exclude(state__in=done).order_by("-created_at")
    account = SellerAccount.objects.filter(user=user, stripe_id__isnull=False).first()
    return Payouts(
        account=account,
        stage=stage_of(account),
        owed=[Money(int(row["minor"]), row["currency"]) for row in owed],
        owes=_owes(user),
        waiting=list(waiting[:50]),
        sent=list(transfers.filter(state__in=done).order_by("-sent_at")[:50]),
        banked=list(account.payouts.order_by("-arrives_at")[:20]) if account else [],
    )


def _owes(user: User) -> list[Money]:
    """What a member owes us, by currency; those who never did have no such account."""
    code = ledger.receivable_account(user.pk)
    currencies = LedgerAccount.objects.filter(code=code).order_by("currency").values_list("currency", flat=True)
    owed = [-ledger.balance(code, currency) for currency in currencies]
    return [money for money in owed if money]


def rules() -> list[Rule]:
    """Every deadline in the order in which a sale meets them, from the same table that the clock reads."""
    return [
        Rule(state.label, deadline.after, deadline.meaning)
        for state, deadlines in states.DEADLINES.items()
        for deadline in deadlines
    ]


def case_times() -> dict[str, str]:
    """The times of a case in words, by their key in TRADE_DEADLINES."""
    keys = ("settle", "appeal", "return_ship", "return_arrive")
    return {key: Rule("", settings.TRADE_DEADLINES[key], "").duration for key in keys}


def fee_schedule() -> tuple[int, int]:
    """Basis points on the items and the fixed part in minor units."""
    return settings.PLATFORM_FEE_BASIS_POINTS, settings.PLATFORM_FEE_FIXED_MINOR


def inbox() -> Inbox:
    """What waits in the inbox, since when, and what is parked."""
    waits = Q(handled_at__isnull=True, parked_at__isnull=True)
    found = WebhookEvent.objects.filter(handled_at__isnull=True).aggregate(
        waiting=Count("pk", filter=waits),
        parked=Count("pk", filter=~waits),
        oldest=Min("received_at", filter=waits),
    )
    age = timezone.now() - found["oldest"] if found["oldest"] else dt.timedelta()
    return Inbox(found["waiting"], found["parked"], age)


def duration(time: dt.timedelta) -> str:
    """A length of time in its largest whole unit, e.g. 3 min."""
    seconds = max(int(time.total_seconds()), 0)
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
