"""What sellers owe us after a release: money given back late, and payments that a bank took back for good.

Debts stand on the member's receivable account. They are reversed out of the sale's own transfer where the seller's
payout account still has the money, and set off against the seller's next proceeds otherwise.
"""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from apps.accounts.models import User
from apps.core import audit
from apps.core.errors import Conflict, InvalidInput, NotYours
from apps.core.money import Money
from apps.escrow import ledger
from apps.escrow.actions.moves import WrongState, actor_of, locked, refuse_while_the_bank_decides, wake_settling
from apps.escrow.fees import fee_on_part
from apps.escrow.models import Hold, HoldState, LedgerAccount, LedgerTransaction, Payment, Settlement
from apps.escrow.states import Actor

PAID_OUT = frozenset({HoldState.RELEASED, HoldState.SPLIT})
REFUNDABLE_FOR = dt.timedelta(days=120)  # later the card may be gone, and the processor cannot send it back
_State, _Kind = Settlement.State, Settlement.Kind


def left_to_give_back(hold: Hold) -> int:
    """What the buyer has not got back yet of a sale that was paid out, in minor units."""
    late = hold.settlements.filter(kind=_Kind.GOODWILL).aggregate(minor=Sum("amount_minor"))["minor"] or 0
    return hold.amount_minor - hold.refunded_minor - late


@transaction.atomic
def give_back_late(
    *, hold: Hold, amount_minor: int, by: User, request_key: str, reason: str = "", now: dt.datetime | None = None
) -> Settlement:
    """The seller (or a moderator) gives all or a part back after the release; our fee on that part goes back as well.

    The same `request_key` again is what is there already. Raises NotYours, WrongState (not paid out, or too long ago),
    InvalidInput (more than is left), Conflict (the bank is deciding).
    """
    now = now or timezone.now()
    hold = locked(hold.pk)
    if actor_of(hold, by) == Actor.PAYER:
        raise NotYours("That is for the seller or a moderator to do.")
    if same := hold.settlements.filter(kind=_Kind.GOODWILL, cause=request_key).first():
        return same
    if hold.is_led or hold.state not in PAID_OUT or hold.closed_at is None or now > hold.closed_at + REFUNDABLE_FOR:
        raise WrongState("This sale was not paid out, or too long ago.", state=hold.state)
    refuse_while_the_bank_decides(hold)
    left = left_to_give_back(hold)
    if not 0 < amount_minor <= left:
        raise InvalidInput("Give back something, and no more than the buyer has paid.", field="amount_minor", left=left)
    fee = _fee(hold, left) - _fee(hold, left - amount_minor)
    payment = Payment.objects.get(hold=hold, state=Payment.State.SUCCEEDED)
    settlement = Settlement.objects.create(
        hold=hold,
        payment=payment,
        kind=_Kind.GOODWILL,
        cause=request_key,
        amount_minor=amount_minor,
        currency=hold.currency,
    )
    ledger.post(
        kind="goodwill",
        idempotency_key=f"goodwill:{settlement.pk}",
        cause=f"settlement:{settlement.pk}",
        entries=[
            (ledger.receivable_account(hold.payee_id), Money(fee - amount_minor, hold.currency)),
            (ledger.FEES, Money(-fee, hold.currency)),
            (ledger.refunds_account(hold.payer_id), Money(amount_minor, hold.currency)),
        ],
    )
    after = {"amount_minor": amount_minor, "fee_minor": fee}
    audit.record(action="settlement.give-back", target=settlement, by=by, after=after, reason=reason)
    claim_back(hold)
    wake_settling()
    return settlement


def _fee(hold: Hold, part_minor: int) -> int:
    return fee_on_part(fee_minor=hold.fee_minor, part_minor=part_minor, amount_minor=hold.amount_minor)


def charge_seller(hold: Hold, *, account: str, amount: Money, key: str, cause: str) -> None:
    """A locked, paid-out hold's seller owes what lies on `account` now."""
    ledger.post(
        kind="owed",
        idempotency_key=key,
        cause=cause,
        entries=[(account, amount), (ledger.receivable_account(hold.payee_id), -amount)],
    )
    claim_back(hold)


def claim_back(hold: Hold) -> None:
    """Have as much of the seller's debt as this sale's transfer covers reversed. Nothing while that was not sent."""
    sent = hold.settlements.filter(kind=_Kind.TRANSFER, state=_State.SENT).first()
    if sent is None:
        return
    asked = hold.settlements.filter(kind=_Kind.REVERSAL)
    before = asked.exclude(state=_State.NETTED).aggregate(minor=Sum("amount_minor"))["minor"] or 0
    if asked.filter(state=_State.NETTED).exists():
        return  # the payout account is empty: that was tried
    amount = min(unclaimed(hold.payee_id, hold.currency), sent.sent_minor - before)
    if amount > 0:
        Settlement.objects.create(
            hold=hold,
            payment=sent.payment,
            kind=_Kind.REVERSAL,
            cause=f"reversal:{asked.count() + 1}",
            amount_minor=amount,
            currency=hold.currency,
        )
        wake_settling()


def unclaimed(member_id: UUID, currency: str) -> int:
    """What a member owes beyond what is being reversed, in minor units; nobody else may claim it until we are done."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, 0))", [ledger.receivable_account(member_id) + currency]
        )
    reversing = (
        Settlement.objects.filter(hold__payee=member_id, currency=currency, kind=_Kind.REVERSAL)
        .exclude(state__in=[_State.SENT, _State.NETTED])
        .aggregate(minor=Sum("amount_minor"))["minor"]
    )
    return owed_by(member_id, currency) - (reversing or 0)


def owed_by(member_id: UUID, currency: str) -> int:
    """What a member owes us, in minor units."""
    return -ledger.balance(ledger.receivable_account(member_id), currency).amount_minor


def set_off(settlement: Settlement) -> None:
    """Keep from a locked transfer that was never tried what its seller owes. One that is kept whole is done with."""
    member = settlement.hold.payee_id
    kept = min(unclaimed(member, settlement.currency), settlement.sent_minor)
    if kept <= 0:
        return
    amount = Money(kept, settlement.currency)
    ledger.post(
        kind="set-off",
        idempotency_key=f"set-off:{settlement.pk}:{settlement.recovered_minor}",
        cause=f"settlement:{settlement.pk}",
        entries=[(ledger.available_account(member), -amount), (ledger.receivable_account(member), amount)],
    )
    settlement.recovered_minor += kept
    if not settlement.sent_minor:
        settlement.state, settlement.sent_at = _State.NETTED, timezone.now()
    audit.record(action="settlement.set-off", target=settlement, after={"recovered_minor": settlement.recovered_minor})


def debtor_of(account: LedgerAccount) -> User | None:
    """The member whose debts an account holds; None for every other account."""
    kind, _, rest = account.code.partition(":")
    member, _, pocket = rest.partition(":")
    if (kind, pocket) != ("member", "receivable"):
        return None
    return User.objects.filter(pk=member).first()


@transaction.atomic
def forgive(*, member: User, amount: Money, by: User, reason: str, request_key: str = "") -> None:
    """A moderator lets a member off a debt, or a part; it becomes our loss. The same `request_key` again changes nothing.

    Raises NotYours, InvalidInput, Conflict.
    """
    if not by.is_moderator or by.pk == member.pk:
        raise NotYours
    if not reason.strip():
        raise InvalidInput("Say why.", field="reason")
    if request_key and LedgerTransaction.objects.filter(idempotency_key=f"forgiven:{request_key}").exists():
        return
    if not 0 < amount.amount_minor <= unclaimed(member.pk, amount.currency):
        raise Conflict("That is more than the member owes beyond what is being reversed already.")
    entry = audit.record(
        action="receivable.forgive", target=member, by=by, after={"amount": str(amount)}, reason=reason
    )
    ledger.post(
        kind="forgiven",
        idempotency_key=f"forgiven:{request_key or entry.pk}",
        cause=f"audit:{entry.pk}",
        entries=[(ledger.LOSSES, -amount), (ledger.receivable_account(member.pk), amount)],
    )
