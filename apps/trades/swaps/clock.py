"""The clock of swaps: proposals that nobody answers, money and parcels that do not come, silence after a delivery."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.core import outbox
from apps.core.errors import NotFound
from apps.trades.swaps import legs
from apps.trades.swaps.course import accept
from apps.trades.swaps.events import SwapClosed
from apps.trades.swaps.models import Side, Swap
from apps.trades.swaps.moves import (
    call_off,
    finish,
    harm,
    locked,
    settle,
    sides_of,
    who,
)
from apps.trades.swaps.states import BINDING, SwapState

log = structlog.get_logger()
_SET = 500


def sweep(*, now: dt.datetime | None = None) -> tuple[int, int, int]:
    """Carry out what is due: open proposals in sets, agreements and parcels one by one; how many of each.

    Any number of workers may sweep at once; what another has locked is left to it. One that fails stops no other.
    """
    now = now or timezone.now()
    expired = 0
    while found := expire_proposals(Q(due_at__lte=now), SwapState.EXPIRED, now=now):
        expired += found
    due = Swap.objects.filter(state__in=BINDING, due_at__lte=now).order_by("due_at").values_list("pk", flat=True)
    overdue = sum(_safely(_overdue, pk, now) for pk in list(due[:_SET]))
    silent = (
        Side.objects.filter(due_at__lte=now, swap__state=SwapState.UNDER_WAY)
        .order_by("due_at")
        .values_list("pk", flat=True)
    )
    accepted = sum(_safely(_silence, pk, now) for pk in list(silent[:_SET]))
    return expired, overdue, accepted


@transaction.atomic
def expire_proposals(condition: Q, state: SwapState, *, now: dt.datetime | None = None) -> int:
    """End one set of open proposals in three statements; how many. Emits swap.closed for each."""
    found = list(
        Swap.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        .filter(condition, state=SwapState.PROPOSED)
        .order_by("pk")[:_SET]
    )
    if found:
        ended = Swap.objects.filter(pk__in=[swap.pk for swap in found])
        ended.update(state=state, closed_at=now or timezone.now(), due_at=None)
        outbox.emit_all([SwapClosed(**who(swap), state=state) for swap in found])
    return len(found)


def _safely(act: Callable[[uuid.UUID, dt.datetime], int], pk: uuid.UUID, now: dt.datetime) -> int:
    try:
        return act(pk, now)
    except NotFound:
        return 0  # another worker has it
    except Exception as error:  # one that fails must not stop the clock of all others
        log.error("swap.deadline_failed", swap=str(pk), exc_info=error)
        return 0


@transaction.atomic
def _overdue(pk: uuid.UUID, now: dt.datetime) -> int:
    """Not paid, or not shipped, in time."""
    swap = locked(pk, skip_locked=True)
    if swap.due_at is None or swap.due_at > now or swap.state not in {SwapState.AGREED, SwapState.UNDER_WAY}:
        return 0
    if swap.state == SwapState.AGREED:
        call_off(swap, "expire", now, "The money did not come in time. All cards are free again.")
        return 1
    sides = sides_of(swap)
    faulty = [side for side in sides.values() if side.shipped_at is None]
    if len(faulty) == len(sides):
        call_off(swap, "expire", now, "Nobody shipped in time. All cards are free again.")
    elif swap.is_ring:
        legs.carry_on(swap, now)
    elif faulty:
        _break(swap, sides, faulty[0], now)
    return 1


def _break(swap: Swap, sides: dict[uuid.UUID, Side], faulty: Side, now: dt.datetime) -> None:
    """One side never shipped: the other has all its money back, is made good, and keeps cards that did not arrive."""
    harmed = sides[swap.receiver_of(faulty.member_id)]
    parts = {harmed.member_id: 0}
    if faulty.hold is not None:
        parts[faulty.member_id] = harm(swap, faulty, faulty.hold)
    settle(swap, parts, now=now, reason="One side did not ship in time.")
    reached = {harmed.member_id} if harmed.delivered_at else set()
    said = "One parcel never left. The other side has its money back and is made good out of the deposit."
    finish(swap, "break", moves=reached, now=now, said=said)


@transaction.atomic
def _silence(pk: uuid.UUID, now: dt.datetime) -> int:
    """The time to look at a parcel passed in silence."""
    side_of = Side.objects.filter(pk=pk).values_list("swap_id", "member_id").first()
    if side_of is None:
        return 0
    swap = locked(side_of[0], skip_locked=True)
    side = sides_of(swap)[side_of[1]]
    if side.due_at is None or side.due_at > now or swap.state != SwapState.UNDER_WAY:
        return 0
    accept(swap, side, now)
    return 1
