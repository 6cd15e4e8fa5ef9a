"""Holds within a larger agreement: opened, settled and called off by what they belong to, which has the clock."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core import audit
from apps.core.errors import InvalidInput
from apps.escrow.actions.holds import end_unpaid
from apps.escrow.actions.moves import close, locked
from apps.escrow.models import Hold
from apps.escrow.states import Actor, HoldEvent


@transaction.atomic
def create_led_hold(
    *,
    payer: User,
    payee: User,
    cash_minor: int,
    security_minor: int,
    fee_minor: int,
    currency: str,
    description: str,
    cause: str,
    now: dt.datetime | None = None,
) -> Hold:
    """Open a hold of cash and security, paid at once by one payment. One `cause` has one hold; asked again it is that.

    Raises InvalidInput (amounts, or both sides are one person).
    """
    now = now or timezone.now()
    if payer.pk == payee.pk:
        raise InvalidInput("Nobody swaps with themselves.")
    if min(cash_minor, security_minor) < 0 or cash_minor + security_minor == 0 or not 0 <= fee_minor <= cash_minor:
        raise InvalidInput("The amount is more than nothing, and the fee lies within the cash.")
    hold, made = Hold.objects.get_or_create(
        cause=cause,
        defaults={
            "payer": payer,
            "payee": payee,
            "amount_minor": cash_minor + security_minor,
            "security_minor": security_minor,
            "fee_minor": fee_minor,
            "currency": currency,
            "description": description[:200],
            "is_led": True,
            "created_at": now,
        },
    )
    if made:
        after = {"amount_minor": hold.amount_minor, "security_minor": security_minor, "currency": currency}
        audit.record(action="hold.create", target=hold, by=payer, after=after)
    return hold


@transaction.atomic
def settle_led(
    *,
    hold: Hold,
    payee_minor: int | None = None,
    by: User | None = None,
    reason: str = "",
    now: dt.datetime | None = None,
) -> Hold:
    """End a funded hold: as agreed, or (`payee_minor` given) so much to the payee, free of fees, and the rest back.

    Raises WrongState, InvalidInput, Conflict (a bank is deciding). Emits hold.released, hold.refunded or hold.split.
    """
    now = now or timezone.now()
    hold = locked(hold.pk)
    if payee_minor is None:
        event, back = HoldEvent.RELEASE, hold.security_minor
    elif 0 <= payee_minor <= hold.amount_minor:
        event, back = (HoldEvent.SPLIT if payee_minor else HoldEvent.REFUND), hold.amount_minor - payee_minor
    else:
        raise InvalidInput("The part lies between nothing and the whole.", field="payee_minor")
    close(hold, event, refund_minor=back, actor=Actor.AGREEMENT, by=by, now=now, reason=reason)
    return hold


@transaction.atomic
def cancel_led(*, hold: Hold, by: User | None = None, reason: str = "", now: dt.datetime | None = None) -> Hold:
    """Call off a hold that nobody has paid. Raises WrongState. Emits hold.cancelled."""
    now = now or timezone.now()
    hold = locked(hold.pk)
    end_unpaid(hold, HoldEvent.CANCEL, actor=Actor.AGREEMENT, by=by, now=now, reason=reason)
    return hold
