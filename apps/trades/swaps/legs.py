"""How a ring goes on when not all of it can: each of its three parcels then counts as a sale at its dated value.

Of each parcel the one who gets it has left the value as a deposit, in a hold whose payee is who sends it. While the ring
is whole a deposit only waits, and goes back. Once it is broken a deposit pays for the parcel that came; it goes back where
none did. So who sent a card has another card or the money for it, whatever the two others do.
"""

from __future__ import annotations

import datetime as dt

from apps.core import audit
from apps.escrow.cases.queries import came_back
from apps.escrow.models import HoldState
from apps.escrow.states import TERMINAL
from apps.trades.swaps.models import Side, Swap
from apps.trades.swaps.moves import call_off, finish, is_over, note, restart, settle_one, sides_of
from apps.trades.swaps.states import SwapState

_BROKEN = "The ring is broken. Every parcel that arrives is paid for at its fair value out of its receiver's deposit."


def carry_on(swap: Swap, now: dt.datetime) -> None:
    """Settle what of a locked ring can be: parcels that never left in time, and those that were accepted. Safe to repeat.

    Where no parcel has left all is called off. It ends when the money for every parcel has moved.
    """
    sides = sides_of(swap)
    if all(side.shipped_at is None for side in sides.values()):
        if any(side.hold is not None and side.hold.state == HoldState.DISPUTED for side in sides.values()):
            return  # a bank decides
        call_off(swap, "settle", now, "The ring cannot go on. All money goes back, and all cards are free again.")
        return
    _break(swap, now)
    is_late = swap.state == SwapState.UNDER_WAY and swap.due_at is not None and swap.due_at <= now
    for side in sides.values():
        hold = sides[swap.receiver_of(side.member_id)].hold
        if hold is None or hold.state in TERMINAL or hold.state == HoldState.DISPUTED:
            continue
        if side.accepted_at is not None:
            settle_one(hold, None, now=now, reason="The ring is broken; this parcel arrived and is paid for.")
        elif side.shipped_at is None and is_late:
            settle_one(hold, 0, now=now, reason="The parcel was not sent in time.")
    _follow(swap, now)


def _follow(swap: Swap, now: dt.datetime) -> None:
    sides = sides_of(swap)
    if any(side.hold is not None and side.hold.state == HoldState.DISPUTED for side in sides.values()):
        return
    open_legs = [side for side in sides.values() if not is_over(swap, sides, side)]
    if not open_legs:
        never_left = any(side.shipped_at is None for side in sides.values())
        event = "break" if never_left and swap.state == SwapState.UNDER_WAY else "settle"
        moves = {side.member_id for side in sides.values() if _went_over(swap, sides, side)}
        finish(swap, event, moves=moves, now=now, said="The broken ring is settled, every parcel by itself.")
        return
    if swap.state == SwapState.DISPUTED:
        restart(swap, sides, now)
    if all(side.shipped_at is not None for side in open_legs):
        swap.due_at = None
        swap.save(update_fields=["due_at"])


def _went_over(swap: Swap, sides: dict, side: Side) -> bool:
    """Whether the cards of a parcel are with its receiver: it arrived or was paid for, and was not sent back."""
    hold = sides[swap.receiver_of(side.member_id)].hold
    reached = side.delivered_at is not None or (side.shipped_at is not None and hold.state == HoldState.RELEASED)
    return reached and not came_back(hold.pk)


def _break(swap: Swap, now: dt.datetime) -> None:
    if swap.broken_at is None:
        swap.broken_at = now
        swap.save(update_fields=["broken_at"])
        audit.record(action="swap.ring-broken", target=swap, after={"broken_at": now})
        note(swap, _BROKEN)
