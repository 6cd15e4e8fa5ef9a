"""What the two people, and moderators, do with a hold: create, ship, receive, release, cancel, refund.

Every function locks the hold first and may be called inside a larger transaction that has locked the trade.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core import audit, outbox
from apps.core.errors import Conflict, InvalidInput
from apps.escrow import states
from apps.escrow.actions.moves import WrongState, actor_of, advance, close, fact, locked, wake_settling
from apps.escrow.events import HoldCancelled, HoldDelivered, HoldShipped
from apps.escrow.models import Hold, HoldState
from apps.escrow.states import Actor, HoldEvent

__all__ = [
    "WrongState",
    "cancel",
    "create_hold",
    "mark_delivered",
    "mark_shipped",
    "refund",
    "release",
]


@transaction.atomic
def create_hold(
    *,
    payer: User,
    payee: User,
    amount_minor: int,
    fee_minor: int,
    currency: str,
    description: str,
    cause: str,
    now: dt.datetime | None = None,
) -> Hold:
    """Open a hold that waits for its payment until the pay deadline. One `cause` has one hold.

    Raises InvalidInput (amounts, or both sides are one person), Conflict (the cause has a hold already).
    """
    now = now or timezone.now()
    if payer.pk == payee.pk:
        raise InvalidInput("Nobody buys from themselves.")
    if amount_minor <= 0 or not 0 <= fee_minor <= amount_minor:
        raise InvalidInput("The amount is more than nothing, and the fee lies within it.")
    due_at, due_event = states.first_deadline(HoldState.CREATED, since=now)
    hold, made = Hold.objects.get_or_create(
        cause=cause,
        defaults={
            "payer": payer,
            "payee": payee,
            "amount_minor": amount_minor,
            "fee_minor": fee_minor,
            "currency": currency,
            "description": description[:200],
            "due_at": due_at,
            "due_event": due_event,
            "created_at": now,
        },
    )
    if not made:
        raise Conflict("There is a hold for this already.")
    audit.record(
        action="hold.create", target=hold, by=payer, after={"amount_minor": amount_minor, "currency": currency}
    )
    return hold


@transaction.atomic
def mark_shipped(*, hold: Hold, by: User, now: dt.datetime | None = None) -> Hold:
    """The seller says that the parcel left. Raises WrongState, NotYours. Emits hold.shipped."""
    now = now or timezone.now()
    hold = locked(hold.pk)
    advance(hold, HoldEvent.SHIP, actor=actor_of(hold, by), by=by, now=now)
    outbox.emit(HoldShipped(**fact(hold, by=by, now=now)))
    return hold


@transaction.atomic
def mark_delivered(*, hold: Hold, by: User | None, now: dt.datetime | None = None) -> Hold:
    """The parcel arrived, by the buyer's word or (`by` None) the carrier's; the inspection begins.

    Raises WrongState, NotYours. Emits hold.delivered.
    """
    now = now or timezone.now()
    hold = locked(hold.pk)
    actor = actor_of(hold, by) if by is not None else Actor.CARRIER
    advance(hold, HoldEvent.DELIVER, actor=actor, by=by, now=now)
    outbox.emit(HoldDelivered(**fact(hold, by=by, now=now), inspect_until=hold.due_at))
    return hold


@transaction.atomic
def release(*, hold: Hold, by: User, reason: str = "", now: dt.datetime | None = None) -> Hold:
    """The buyer is content (or a moderator says so): the money is the seller's, less our fee.

    In a dispute this ends it in the seller's favour. Raises WrongState, NotYours. Emits hold.released.
    """
    now = now or timezone.now()
    hold = locked(hold.pk)
    back = hold.security_minor
    close(hold, HoldEvent.RELEASE, refund_minor=back, actor=actor_of(hold, by), by=by, now=now, reason=reason)
    return hold


@transaction.atomic
def refund(*, hold: Hold, by: User, reason: str = "", now: dt.datetime | None = None) -> Hold:
    """The seller (or a moderator) gives the whole amount back. Raises WrongState, NotYours. Emits hold.refunded."""
    now = now or timezone.now()
    hold = locked(hold.pk)
    actor = actor_of(hold, by)
    close(hold, HoldEvent.REFUND, refund_minor=hold.amount_minor, actor=actor, by=by, now=now, reason=reason)
    return hold


@transaction.atomic
def cancel(*, hold: Hold, by: User, reason: str = "", now: dt.datetime | None = None) -> Hold:
    """Call it off before the parcel leaves. Unpaid: either side, at any time. Paid: the seller at any time, the buyer
    once shipping is late; the money goes back then.

    Raises WrongState, NotYours, Conflict (too early). Emits hold.cancelled or hold.refunded.
    """
    now = now or timezone.now()
    hold = locked(hold.pk)
    actor = actor_of(hold, by)
    if hold.state == HoldState.CREATED:
        end_unpaid(hold, HoldEvent.CANCEL, actor=actor, by=by, now=now, reason=reason)
        return hold
    opens_at = cancel_opens_at(hold)
    if hold.state == HoldState.FUNDED and actor == Actor.PAYER and opens_at is not None and now < opens_at:
        raise Conflict("The seller still has time to ship. You may cancel once that has passed.", opens_at=opens_at)
    close(hold, HoldEvent.CANCEL, refund_minor=hold.amount_minor, actor=actor, by=by, now=now, reason=reason)
    return hold


def end_unpaid(hold: Hold, event: HoldEvent, *, actor: Actor, by: User | None, now: dt.datetime, reason: str) -> None:
    """Close a locked hold that nobody has paid for. Payments under way are closed afterwards (close_abandoned)."""
    advance(hold, event, actor=actor, by=by, now=now, reason=reason)
    outbox.emit(HoldCancelled(**fact(hold, by=by, now=now), reason=reason))
    wake_settling()


def cancel_opens_at(hold: Hold) -> dt.datetime | None:
    """When the buyer may cancel a paid sale that was not shipped; None before it is paid."""
    return hold.funded_at + states.DEADLINES[HoldState.FUNDED][0].after if hold.funded_at else None


def claim_opens_at(hold: Hold) -> dt.datetime | None:
    """When the buyer may claim that the parcel is lost; None before it is shipped."""
    return hold.shipped_at + states.DEADLINES[HoldState.SHIPPED][1].after if hold.shipped_at else None
