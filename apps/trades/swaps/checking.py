"""Swaps that a moderator looks at: judged when both have agreed, stopped, let go on, or called off with all given back.

Once more a payment can be looked at when it arrives, for its card; the swap's clock stands then as well.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from apps.core import audit
from apps.risk import actions as risk
from apps.risk.rules import About
from apps.trades.swaps import course, moves, queries
from apps.trades.swaps.models import Swap, SwapLine
from apps.trades.swaps.states import SwapState

REFUSED = "We could not accept this swap. All money goes back, and all cards are free again."


def judge_agreed(swap: Swap, lines: Sequence[SwapLine], *, now: dt.datetime) -> bool:
    """Whether an agreed swap has to wait; at stake is the larger pile with its cash."""
    for side in swap.sides.all():
        risk.see_address(side.member_id, side.ship_to, at=now)
    piles = queries.piles(swap, lines)
    people = swap.people
    pairs = list(zip(people, [*people[1:], people[0]], strict=True)) if swap.is_ring else [people]
    judged = [
        risk.judge(
            about=About.SWAP, subject_id=swap.pk, title=f"Swap of {' and '.join(map(str, people))}", member=member,
            other=other, amount_minor=max(pile.value for pile in piles.values()) + abs(swap.cash_minor),
            currency=swap.currency, at=now,
        )
        for member, other in pairs
    ]  # fmt: skip
    return any(judgement.waits for judgement in judged)


def begin(swap: Swap) -> None:
    """Stop a locked swap that has just been agreed: nobody pays or sends until it is decided."""
    now = timezone.now()
    _stop(swap, now)
    swap.checked_since = now
    swap.save(update_fields=["checked_since"])
    audit.record(action="swap.check", target=swap, after={"checked_since": now})
    moves.note(swap, "We look at this swap before it goes on, usually within a day. Nobody has to do anything.")


@transaction.atomic
def end_check(*, swap_id: uuid.UUID, released: bool, now: dt.datetime | None = None) -> None:
    """What was decided: it goes on with the time that was left, or is called off. Safe to repeat."""
    now = now or timezone.now()
    swap = moves.locked(swap_id)
    if swap.checked_since is None:
        return
    swap.checked_since = None
    swap.save(update_fields=["checked_since"])
    audit.record(action="swap.check-ended", target=swap, after={"released": released})
    if not released:
        moves.call_off(swap, "cancel", now, REFUSED)
        return
    _go_on(swap, now)
    if all(side.hold is None for side in moves.sides_of(swap).values()):
        course.fund(swap, now=now)


@transaction.atomic
def payment_checked(*, hold_id: uuid.UUID, began: bool, refused: bool, now: dt.datetime | None = None) -> None:
    """One side's payment is looked at, or was: the swap waits with it, goes on, or is called off. Safe to repeat."""
    now = now or timezone.now()
    swap = moves.of_hold(hold_id)
    if swap is None or swap.state != SwapState.AGREED:
        return
    if began:
        _stop(swap, now)
    elif refused:
        moves.call_off(swap, "cancel", now, REFUSED)
    else:
        if not any(side.hold and side.hold.checked_since for side in moves.sides_of(swap).values()):
            _go_on(swap, now)
        course.funded(hold_id=hold_id, now=now)


def _stop(swap: Swap, now: dt.datetime) -> None:
    if swap.due_at is not None:
        swap.clock_left, swap.due_at = swap.due_at - now, None
        swap.save(update_fields=["clock_left", "due_at"])


def _go_on(swap: Swap, now: dt.datetime) -> None:
    if swap.clock_left is not None:
        swap.clock_left, swap.due_at = None, now + swap.clock_left
        swap.save(update_fields=["clock_left", "due_at"])
