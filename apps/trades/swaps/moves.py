"""How a swap moves: lock it, follow the table, set its clock, end its holds and let its copies go.

Everything locks the swap first, then holds, then items by id and their new owners by id.
"""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings
from django.utils import timezone

from apps.accounts.models import User
from apps.core import audit, outbox
from apps.core.errors import Conflict, NotFound, NotYours
from apps.escrow import actions as escrow
from apps.escrow.models import Hold, HoldState
from apps.escrow.states import TERMINAL
from apps.inventory import actions as inventory
from apps.inventory.models import InventoryItem
from apps.live.pushing import push
from apps.risk import actions as risk
from apps.risk.rules import About
from apps.trades.swaps.events import SwapClosed, SwapCompleted
from apps.trades.swaps.fairness import made_good
from apps.trades.swaps.models import Side, Swap, SwapMessage
from apps.trades.swaps.states import LIVE, STEPS, SwapState


class SwapMovedOn(Conflict):
    """This step is not possible in the state that the swap is in."""

    code, message = "SWAP_MOVED_ON", "That is no longer possible here: the swap has moved on. Look at it again."


def cause_of(swap: Swap) -> str:
    """What the movements of copies and the holds name as their cause."""
    return f"swap:{swap.pk}"


def who(swap: Swap) -> dict[str, uuid.UUID | None]:
    """What every event of a swap tells."""
    return {
        "swap_id": swap.pk, "proposer_id": swap.proposer_id, "other_id": swap.other_id, "third_id": swap.third_id
    }  # fmt: skip


def locked(pk: uuid.UUID, by: User | None = None, *, skip_locked: bool = False) -> Swap:
    """The swap with its row lock. Raises NotFound, NotYours."""
    swap = (
        Swap.objects.select_for_update(of=("self",), no_key=True, skip_locked=skip_locked)
        .select_related("proposer", "other", "third")
        .filter(pk=pk)
        .first()
    )
    if swap is None:
        raise NotFound("There is no such swap.")
    if by is not None and by.pk not in swap.members:
        raise NotYours("That is not yours to do in this swap.")
    return swap


def sides_of(swap: Swap) -> dict[uuid.UUID, Side]:
    """All sides by member, as they are now, with their holds; the caller has the swap's lock."""
    return {side.member_id: side for side in Side.objects.filter(swap=swap).select_related("hold").order_by("pk")}


def of_hold(hold_id: uuid.UUID) -> Swap | None:
    """The locked swap that a hold belongs to; None where it is a purchase's."""
    pk = Side.objects.filter(hold=hold_id).values_list("swap_id", flat=True).first()
    return locked(pk) if pk else None


def move(swap: Swap, event: str, *, now: dt.datetime | None = None) -> Swap:
    """Follow the table from a locked swap and set its clock. Raises SwapMovedOn."""
    now = now or timezone.now()
    following = STEPS.get(SwapState(swap.state), {}).get(event)
    if following is None:
        raise SwapMovedOn(state=swap.state, event=event)
    before, swap.state = swap.state, following
    swap.due_at = swap.clock_left = None
    if swap.checked_since is not None:
        swap.checked_since = None
        risk.lapse(about=About.SWAP, subject_id=swap.pk)
    if following == SwapState.AGREED:
        swap.due_at = now + settings.TRADE_DEADLINES["pay"]
    elif following == SwapState.UNDER_WAY:
        swap.funded_at = swap.funded_at or now
        if swap.sides.filter(shipped_at__isnull=True).exists():
            swap.due_at = max(now, swap.funded_at + settings.TRADE_DEADLINES["ship"])
    elif following not in LIVE:
        swap.closed_at = now
    swap.save(update_fields=["state", "due_at", "clock_left", "checked_since", "agreed_at", "funded_at", "closed_at"])
    audit.record(action=f"swap.{event}", target=swap, before={"state": before}, after={"state": swap.state})
    return swap


def close(swap: Swap, state: SwapState) -> Swap:
    """End a locked proposal that nothing was reserved for. Emits swap.closed."""
    event = next(name for name, following in STEPS[SwapState(swap.state)].items() if following == state)
    move(swap, event)
    outbox.emit(SwapClosed(**who(swap), state=state))
    return swap


def restart(swap: Swap, sides: dict[uuid.UUID, Side], now: dt.datetime) -> None:
    """A locked swap goes on after a case: what has been sent is inspected anew."""
    move(swap, "resume", now=now)
    for side in sides.values():
        if side.shipped_at and not side.accepted_at and not is_over(swap, sides, side):
            side.due_at = now + settings.TRADE_DEADLINES["inspect" if side.delivered_at else "unclaimed"]
            side.save(update_fields=["due_at"])


def is_over(swap: Swap, sides: dict[uuid.UUID, Side], side: Side) -> bool:
    """Whether the money that waits for a side's parcel has moved already: in a ring each parcel ends by itself."""
    hold = sides[swap.receiver_of(side.member_id)].hold
    return swap.is_ring and hold is not None and hold.state in TERMINAL


def note(swap: Swap, body: str) -> None:
    """The system's own line in the room."""
    SwapMessage.objects.create(swap=swap, author=None, body=body)
    push(f"swap:{swap.pk}", "message")


def harm(swap: Swap, faulty: Side, hold: Hold) -> int:
    """What of the faulty side's money makes the other of two good."""
    harmed = swap.receiver_of(faulty.member_id)
    sent = sum(line.quantity * (line.value_minor or 0) for line in swap.lines.all() if line.giver_id == harmed)
    return made_good(amount_minor=hold.amount_minor, deposit_minor=faulty.deposit_minor, sent_minor=sent)


def settle(swap: Swap, parts: dict[uuid.UUID, int], *, now: dt.datetime, reason: str) -> None:
    """End every open hold: as agreed, or with the part that goes over. Unpaid ones are called off."""
    for member, side in sides_of(swap).items():
        hold = side.hold
        if hold is not None and hold.state not in TERMINAL:
            settle_one(hold, parts.get(member), now=now, reason=reason)


def settle_one(hold: Hold, payee_minor: int | None, *, now: dt.datetime, reason: str) -> None:
    """End one open hold: as agreed (None), or with the part that goes over. One that was never paid is called off."""
    if hold.state == HoldState.CREATED:
        escrow.cancel_led(hold=hold, reason=reason, now=now)
    else:
        escrow.settle_led(hold=hold, payee_minor=payee_minor, reason=reason, now=now)


def finish(swap: Swap, event: str, *, moves: set[uuid.UUID], now: dt.datetime, said: str = "") -> Swap:
    """The copies of the givers in `moves` change hands at their dated value, the others are free again; then the end."""
    move(swap, event, now=now)
    swap.sides.update(due_at=None)
    lines = list(swap.lines.order_by("item_id"))
    # All at once and in order, so that two swaps that end together do not wait for each other in a ring.
    list(InventoryItem.objects.select_for_update(no_key=True).filter(pk__in=[x.item_id for x in lines]).order_by("pk"))
    people = {
        user.pk: user for user in User.objects.select_for_update(no_key=True).filter(pk__in=swap.members).order_by("pk")
    }
    cause = cause_of(swap)
    for line in lines:
        if line.giver_id in moves:
            inventory.hand_over(
                item_id=line.item_id,
                quantity=line.quantity,
                to=people[swap.receiver_of(line.giver_id)],
                unit_price_minor=line.value_minor,
                currency=swap.currency,
                cause=cause,
                by=None,
            )
        else:
            inventory.release_reservation(item_id=line.item_id, quantity=line.quantity, cause=cause, by=None)
    if event == "complete":
        outbox.emit(SwapCompleted(**who(swap)))
        said = said or "All are content. The cards have changed hands."
    else:
        outbox.emit(SwapClosed(**who(swap), state=swap.state))
    note(swap, said)
    return swap


def call_off(swap: Swap, event: str, now: dt.datetime, reason: str) -> Swap:
    """End a locked swap before any parcel has left: all money back, all copies free."""
    settle(swap, dict.fromkeys(swap.members, 0), now=now, reason=reason)
    return finish(swap, event, moves=set(), now=now, said=reason)
