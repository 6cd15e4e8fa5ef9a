"""Objections to what came: opened, answered, withdrawn, decided, in the same dispute flow as every hold's."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.accounts.models import User
from apps.core.errors import Conflict
from apps.escrow import actions as escrow
from apps.escrow.cases.models import ACTIVE
from apps.escrow.cases.queries import came_back
from apps.escrow.models import Dispute, Evidence, Hold, HoldState
from apps.escrow.states import TERMINAL
from apps.trades.swaps import legs
from apps.trades.swaps.models import Swap
from apps.trades.swaps.moves import (
    SwapMovedOn,
    finish,
    harm,
    locked,
    move,
    note,
    of_hold,
    restart,
    settle,
    sides_of,
)
from apps.trades.swaps.states import BINDING, SwapState


@transaction.atomic
def object_to(*, swap: Swap, by: User, reason: str, statement: str, now: dt.datetime | None = None) -> Dispute:
    """Report what is wrong with the other's parcel: clocks stop, the money stays, the present dispute flow decides.

    Raises NotYours, SwapMovedOn, Conflict (too early, own parcel not sent, no money of theirs held), InvalidInput.
    """
    now = now or timezone.now()
    swap = locked(swap.pk, by)
    sides = sides_of(swap)
    mine, theirs = sides[by.pk], sides[swap.sender_to(by.pk)]
    if swap.state not in {SwapState.UNDER_WAY, SwapState.DISPUTED} or not theirs.shipped_at or theirs.accepted_at:
        raise SwapMovedOn
    if mine.shipped_at is None and swap.broken_at is None:
        raise Conflict("Send your own parcel first; then report what is wrong with theirs.")
    if mine.hold is None:
        raise Conflict(
            "No money of yours is held in this swap, so there is nothing to decide about. Report the member."
        )
    opens_at = theirs.shipped_at + settings.TRADE_DEADLINES["lost"]
    if theirs.delivered_at is None and now < opens_at:
        raise Conflict("The parcel may still be on its way. It can be claimed as lost later.", opens_at=opens_at)
    case = escrow.open_dispute(hold=mine.hold, by=by, reason=reason, statement=statement, now=now)
    _freeze(swap, now)
    return case


@transaction.atomic
def answer_case(*, swap: Swap, by: User, statement: str) -> Dispute:
    """Tell one's view of what the other objected to. Raises NotYours, Conflict, InvalidInput."""
    swap = locked(swap.pk, by)
    return escrow.answer_dispute(dispute=_open_case(swap, swap.receiver_of(by.pk)), by=by, statement=statement)


@transaction.atomic
def withdraw_case(*, swap: Swap, by: User) -> Swap:
    """Take one's objection back. Raises NotYours, Conflict."""
    swap = locked(swap.pk, by)
    escrow.withdraw_dispute(dispute=_open_case(swap, by.pk), by=by)
    return swap


def add_evidence(*, swap: Swap, by: User, note: str = "", upload: BinaryIO | None = None) -> Evidence:
    """Put a note or a picture into the open case of one's own.

    Raises NotYours, Conflict, InvalidInput, TooLarge, UnsupportedType.
    """
    return escrow.add_evidence(dispute=_open_case(swap, None, party=by.pk), by=by, note=note, upload=upload)


def _open_case(swap: Swap, payer_id: uuid.UUID | None, *, party: uuid.UUID | None = None) -> Dispute:
    """The open case of one payer, or of any; in a ring `party` sees those alone that are theirs. Raises Conflict."""
    open_ones = Dispute.objects.filter(hold__swap_side__swap=swap, state__in=ACTIVE).select_related("hold")
    if swap.is_ring and party in swap.members:
        open_ones = open_ones.filter(Q(hold__payer=party) | Q(hold__payee=party))
    case = (open_ones if payer_id is None else open_ones.filter(hold__payer=payer_id)).order_by("created_at").first()
    if case is None:
        raise Conflict("There is no open case.")
    return case


@transaction.atomic
def frozen(*, hold_id: uuid.UUID, now: dt.datetime | None = None) -> None:
    """A hold is in dispute, maybe by a bank: the swap waits with it. Safe to repeat."""
    swap = of_hold(hold_id)
    waits = swap is not None and swap.state in {SwapState.AGREED, SwapState.UNDER_WAY}
    if waits and Hold.objects.filter(pk=hold_id, state=HoldState.DISPUTED).exists():
        _freeze(swap, now or timezone.now())


def _freeze(swap: Swap, now: dt.datetime) -> None:
    if swap.state != SwapState.DISPUTED:
        move(swap, "object", now=now)
        swap.sides.update(due_at=None)
        note(swap, "A problem was reported. The money stays held until it is settled.")


@transaction.atomic
def resumed(*, hold_id: uuid.UUID, now: dt.datetime | None = None) -> None:
    """An objection was withdrawn: the inspection begins anew. Safe to repeat."""
    now = now or timezone.now()
    swap = of_hold(hold_id)
    if swap is None or swap.state != SwapState.DISPUTED:
        return
    sides = sides_of(swap)
    states = {side.hold.state for side in sides.values() if side.hold is not None}
    if not states - TERMINAL <= {HoldState.FUNDED}:
        return
    restart(swap, sides, now)
    note(swap, "The objection was withdrawn.")


@transaction.atomic
def decided(*, hold_id: uuid.UUID, now: dt.datetime | None = None) -> None:
    """A hold ended by a decision (a moderator's, a side giving in, a bank's): the rest of the swap follows it.

    For who objected: all of theirs is back, and the other's money makes good what was sent. Against: as agreed. Cards
    are with whom the parcels reached, unless they were sent back. Waits while another case of the same swap is open. A ring
    goes on parcel by parcel. Safe to repeat.
    """
    now = now or timezone.now()
    swap = of_hold(hold_id)
    if swap is None or swap.state not in BINDING:
        return
    sides = sides_of(swap)
    if swap.is_ring:
        if any(side.hold is not None and side.hold.state in TERMINAL for side in sides.values()):
            legs.carry_on(swap, now)
        return
    held = {member: side.hold for member, side in sides.items() if side.hold is not None}
    if any(hold.state == HoldState.DISPUTED for hold in held.values()):
        return
    ended = {member: hold for member, hold in held.items() if hold.state in TERMINAL}
    parts: dict[uuid.UUID, int] = {}
    for member, hold in held.items():
        if member in ended:
            continue
        verdict = ended.get(swap.receiver_of(member))
        if verdict is not None and verdict.state == HoldState.REFUNDED:
            by_bank = verdict.payments.filter(chargebacks__state="lost").exists()
            parts[member] = 0 if by_bank else harm(swap, sides[member], hold)
    settle(swap, parts, now=now, reason="The case was decided.")
    returned = {swap.receiver_of(member) for member, hold in ended.items() if came_back(hold.pk)}
    rejected = all(hold.state == HoldState.RELEASED for hold in ended.values())
    reached = {member for member, side in sides.items() if side.delivered_at or (rejected and side.shipped_at)}
    reached -= returned
    complete = rejected and len(reached) == len(sides) and swap.state == SwapState.DISPUTED
    finish(swap, "complete" if complete else "settle", moves=reached, now=now, said="The case is decided.")
