"""A swap after agreement, step by step: money in, parcels both ways, inspection, or called off."""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core import audit, outbox
from apps.core.errors import Conflict, InvalidInput, NotYours
from apps.escrow import actions as escrow
from apps.escrow.actions.moves import UnderReview
from apps.escrow.models import HoldState, Payment
from apps.trades.swaps import legs
from apps.trades.swaps.events import SwapFunded, SwapShipped
from apps.trades.swaps.models import Side, Swap
from apps.trades.swaps.moves import (
    SwapMovedOn,
    call_off,
    finish,
    is_over,
    locked,
    move,
    note,
    of_hold,
    settle,
    sides_of,
    who,
)
from apps.trades.swaps.states import SwapState


def pay(
    *,
    swap: Swap,
    by: User,
    payment_method: str | None = None,
    keep_card: bool = False,
    success_url: str = "",
    cancel_url: str = "",
) -> Payment:
    """Pay one's cash and deposit, or come back to the payment under way. Raises NotYours, Conflict, UnderReview, GatewayError."""
    side = Side.objects.select_related("hold").filter(swap=swap, member=by).first()
    if side is None:
        raise NotYours
    if side.hold is None:
        raise Conflict("Nothing is asked of you here.")
    if Swap.objects.filter(pk=swap.pk, checked_since__isnull=False).exists():
        raise UnderReview(
            "We are looking at this swap before it goes on, usually within a day. Nothing is to be paid yet."
        )
    return escrow.start_payment(
        hold=side.hold,
        by=by,
        payment_method=payment_method,
        keep_card=keep_card,
        success_url=success_url,
        cancel_url=cancel_url,
    )


@transaction.atomic
def funded(*, hold_id: uuid.UUID, now: dt.datetime | None = None) -> None:
    """A side's money arrived; once all of it has, parcels may leave. Safe to repeat. Emits swap.funded."""
    swap = of_hold(hold_id)
    if swap is None or swap.state != SwapState.AGREED:
        return
    holds = [side.hold for side in sides_of(swap).values() if side.hold is not None]
    if swap.checked_since or any(hold.state != HoldState.FUNDED or hold.checked_since for hold in holds):
        return
    fund(swap, now=now)


def fund(swap: Swap, *, now: dt.datetime | None = None) -> None:
    """Nothing is asked for any more in a locked swap: parcels may leave. Emits swap.funded."""
    move(swap, "fund", now=now)
    outbox.emit(SwapFunded(**who(swap)))
    note(swap, "The money of all is held. Send your parcels now.")


@transaction.atomic
def ship(*, swap: Swap, by: User, carrier: str = "", tracking_number: str = "", now: dt.datetime | None = None) -> Side:
    """One's own parcel left. Safe to repeat with the same number.

    Raises NotYours, SwapMovedOn, InvalidInput (no tracking). Emits swap.shipped.
    """
    now = now or timezone.now()
    swap = locked(swap.pk, by)
    sides = sides_of(swap)
    side = sides[by.pk]
    number = tracking_number.strip()[:60]
    if not number:
        raise InvalidInput("Swaps are sent with tracking. Enter the parcel's number.", field="tracking_number")
    if side.shipped_at is not None and side.tracking_number == number:
        return side
    if swap.state not in {SwapState.UNDER_WAY, SwapState.DISPUTED} or side.shipped_at is not None:
        raise SwapMovedOn
    if is_over(swap, sides, side):
        raise SwapMovedOn("Nobody waits for this parcel any more: who was to get it has their money back.")
    side.carrier, side.tracking_number, side.shipped_at = carrier.strip()[:60], number, now
    side.due_at = now + settings.TRADE_DEADLINES["unclaimed"] if swap.state == SwapState.UNDER_WAY else None
    side.save(update_fields=["carrier", "tracking_number", "shipped_at", "due_at"])
    if not swap.sides.filter(shipped_at__isnull=True).exists():
        swap.due_at = None
        swap.save(update_fields=["due_at"])
    audit.record(action="swap.ship", target=swap, by=by)
    outbox.emit(SwapShipped(**who(swap), sender_id=by.pk))
    note(swap, f"The parcel of {by} is on its way.")
    return side


@transaction.atomic
def delivered(*, swap: Swap, sender_id: uuid.UUID, by: User | None, now: dt.datetime | None = None) -> Side:
    """A parcel arrived, by the receiver's word or (`by` None) the carrier's; its inspection begins. Safe to repeat.

    Raises NotYours, SwapMovedOn.
    """
    now = now or timezone.now()
    swap = locked(swap.pk, by)
    if sender_id not in swap.members or (by is not None and by.pk != swap.receiver_of(sender_id)):
        raise NotYours("The receiver says that a parcel has arrived.")
    side = sides_of(swap)[sender_id]
    if side.delivered_at is not None:
        return side
    if swap.state not in {SwapState.UNDER_WAY, SwapState.DISPUTED} or side.shipped_at is None:
        raise SwapMovedOn
    side.delivered_at = now
    if swap.state == SwapState.UNDER_WAY and side.accepted_at is None:
        side.due_at = now + settings.TRADE_DEADLINES["inspect"]
    side.save(update_fields=["delivered_at", "due_at"])
    audit.record(action="swap.deliver", target=swap, by=by)
    note(swap, "A parcel has arrived. Its inspection has started.")
    return side


@transaction.atomic
def content(*, swap: Swap, by: User, now: dt.datetime | None = None) -> Swap:
    """The receiver is content with what came. When all are, the cards change hands and the money moves. Safe to repeat.

    Raises NotYours, SwapMovedOn, Conflict (a bank is deciding). Emits swap.completed with the last.
    """
    swap = locked(swap.pk, by)
    if swap.state == SwapState.COMPLETED:
        return swap
    return accept(swap, sides_of(swap)[swap.sender_to(by.pk)], now or timezone.now())


def accept(swap: Swap, side: Side, now: dt.datetime) -> Swap:
    """The receiver is content with a side's parcel, in a locked swap; the last such word ends it. Raises SwapMovedOn."""
    if swap.state != SwapState.UNDER_WAY or side.shipped_at is None:
        raise SwapMovedOn
    if side.accepted_at is None:
        side.accepted_at, side.due_at = now, None
        side.delivered_at = side.delivered_at or now
        side.save(update_fields=["accepted_at", "due_at", "delivered_at"])
    if swap.broken_at is not None:
        legs.carry_on(swap, now)
    elif not swap.sides.filter(accepted_at__isnull=True).exists():
        # A deposit in a ring is no more than a promise that was kept; between two the cash in it goes over.
        parts = dict.fromkeys(swap.members, 0) if swap.is_ring else {}
        settle(swap, parts, now=now, reason="All are content.")
        finish(swap, "complete", moves=set(swap.members), now=now)
    return swap


@transaction.atomic
def cancel(*, swap: Swap, by: User, now: dt.datetime | None = None) -> Swap:
    """Call it off while no parcel has left: copies are free again, paid money goes back. Safe to repeat.

    Raises NotYours, SwapMovedOn. Emits swap.closed.
    """
    swap = locked(swap.pk, by)
    if swap.state == SwapState.CANCELLED:
        return swap
    if (
        swap.state not in {SwapState.AGREED, SwapState.UNDER_WAY}
        or swap.sides.filter(shipped_at__isnull=False).exists()
    ):
        raise SwapMovedOn("A parcel is on its way, or it has ended: it cannot be cancelled now.")
    return call_off(swap, "cancel", now or timezone.now(), f"Cancelled by {by}.")
