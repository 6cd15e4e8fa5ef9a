"""A swap after agreement: money in, parcels both ways, inspection, and every way in which it ends. And its clock.

Everything locks the swap first, then holds, then items by id and their new owners by id.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.accounts.models import User
from apps.core import audit, outbox
from apps.core.errors import Conflict, InvalidInput, NotFound, NotYours
from apps.escrow import actions as escrow
from apps.escrow.models import Dispute, Hold, HoldState, Payment
from apps.escrow.states import TERMINAL
from apps.inventory import actions as inventory
from apps.inventory.models import InventoryItem
from apps.trades.swaps.events import SwapClosed, SwapCompleted, SwapFunded, SwapShipped
from apps.trades.swaps.fairness import made_good
from apps.trades.swaps.models import Side, Swap, SwapMessage
from apps.trades.swaps.states import BINDING, LIVE, STEPS, SwapState

log = structlog.get_logger()
_SET = 500


class SwapMovedOn(Conflict):
    """This step is not possible in the state that the swap is in."""

    code, message = "SWAP_MOVED_ON", "That is no longer possible here: the swap has moved on. Look at it again."


def cause_of(swap: Swap) -> str:
    """What the movements of copies and the holds name as their cause."""
    return f"swap:{swap.pk}"


def who(swap: Swap) -> dict[str, uuid.UUID]:
    """What every event of a swap tells."""
    return {"swap_id": swap.pk, "proposer_id": swap.proposer_id, "other_id": swap.other_id}


def locked(pk: uuid.UUID, by: User | None = None, *, skip_locked: bool = False) -> Swap:
    """The swap with its row lock. Raises NotFound, NotYours."""
    swap = (
        Swap.objects.select_for_update(of=("self",), no_key=True, skip_locked=skip_locked)
        .select_related("proposer", "other")
        .filter(pk=pk)
        .first()
    )
    if swap is None:
        raise NotFound("There is no such swap.")
    if by is not None and by.pk not in swap.members:
        raise NotYours("That is not yours to do in this swap.")
    return swap


def move(swap: Swap, event: str, *, now: dt.datetime | None = None) -> Swap:
    """Follow the table from a locked swap and set its clock. Raises SwapMovedOn."""
    now = now or timezone.now()
    following = STEPS.get(SwapState(swap.state), {}).get(event)
    if following is None:
        raise SwapMovedOn(state=swap.state, event=event)
    before, swap.state = swap.state, following
    swap.due_at = None
    if following == SwapState.AGREED:
        swap.due_at = now + settings.TRADE_DEADLINES["pay"]
    elif following == SwapState.UNDER_WAY:
        swap.funded_at = swap.funded_at or now
        if swap.sides.filter(shipped_at__isnull=True).exists():
            swap.due_at = max(now, swap.funded_at + settings.TRADE_DEADLINES["ship"])
    elif following not in LIVE:
        swap.closed_at = now
    swap.save(update_fields=["state", "due_at", "agreed_at", "funded_at", "closed_at"])
    audit.record(action=f"swap.{event}", target=swap, before={"state": before}, after={"state": swap.state})
    return swap


def close(swap: Swap, state: SwapState) -> Swap:
    """End a locked proposal that nothing was reserved for. Emits swap.closed."""
    event = next(name for name, following in STEPS[SwapState(swap.state)].items() if following == state)
    move(swap, event)
    outbox.emit(SwapClosed(**who(swap), state=state))
    return swap


def note(swap: Swap, body: str) -> None:
    """The system's own line in the room."""
    SwapMessage.objects.create(swap=swap, author=None, body=body)


# -- money -----------------------------------------------------------------------
def pay(
    *, swap: Swap, by: User, payment_method: str | None = None, success_url: str = "", cancel_url: str = ""
) -> Payment:
    """Pay one's cash and deposit, or come back to the payment under way. Raises NotYours, Conflict, GatewayError."""
    side = Side.objects.select_related("hold").filter(swap=swap, member=by).first()
    if side is None:
        raise NotYours
    if side.hold is None:
        raise Conflict("Nothing is asked of you here.")
    return escrow.start_payment(
        hold=side.hold, by=by, payment_method=payment_method, success_url=success_url, cancel_url=cancel_url
    )


@transaction.atomic
def funded(*, hold_id: uuid.UUID, now: dt.datetime | None = None) -> None:
    """A side's money arrived; once all of it has, parcels may leave. Safe to repeat. Emits swap.funded."""
    swap = _of_hold(hold_id)
    if swap is None or swap.state != SwapState.AGREED:
        return
    if any(side.hold is not None and side.hold.state != HoldState.FUNDED for side in _sides(swap).values()):
        return
    move(swap, "fund", now=now)
    outbox.emit(SwapFunded(**who(swap)))
    note(swap, "The money of both is held. Send your parcels now.")


# -- parcels ---------------------------------------------------------------------
@transaction.atomic
def ship(*, swap: Swap, by: User, carrier: str = "", tracking_number: str = "", now: dt.datetime | None = None) -> Side:
    """One's own parcel left. Safe to repeat with the same number.

    Raises NotYours, SwapMovedOn, InvalidInput (no tracking). Emits swap.shipped.
    """
    now = now or timezone.now()
    swap = locked(swap.pk, by)
    side = _sides(swap)[by.pk]
    number = tracking_number.strip()[:60]
    if not number:
        raise InvalidInput("Swaps are sent with tracking. Enter the parcel's number.", field="tracking_number")
    if side.shipped_at is not None and side.tracking_number == number:
        return side
    if swap.state not in {SwapState.UNDER_WAY, SwapState.DISPUTED} or side.shipped_at is not None:
        raise SwapMovedOn
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
    if sender_id not in swap.members or (by is not None and by.pk == sender_id):
        raise NotYours("The receiver says that a parcel has arrived.")
    side = _sides(swap)[sender_id]
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
    """The receiver is content with what came. When both are, the cards change hands and the money moves. Safe to repeat.

    Raises NotYours, SwapMovedOn, Conflict (a bank is deciding). Emits swap.completed with the second.
    """
    swap = locked(swap.pk, by)
    if swap.state == SwapState.COMPLETED:
        return swap
    return _accept(swap, _sides(swap)[swap.other_than(by.pk)], now or timezone.now())


def _accept(swap: Swap, side: Side, now: dt.datetime) -> Swap:
    if swap.state != SwapState.UNDER_WAY or side.shipped_at is None:
        raise SwapMovedOn
    if side.accepted_at is None:
        side.accepted_at, side.due_at = now, None
        side.delivered_at = side.delivered_at or now
        side.save(update_fields=["accepted_at", "due_at", "delivered_at"])
    if not swap.sides.filter(accepted_at__isnull=True).exists():
        _settle(swap, {}, now=now, reason="Both are content.")
        _finish(swap, "complete", moves=set(swap.members), now=now)
    return swap


# -- ends ------------------------------------------------------------------------
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
    return _call_off(swap, "cancel", now or timezone.now(), f"Cancelled by {by}.")


def _call_off(swap: Swap, event: str, now: dt.datetime, reason: str) -> Swap:
    _settle(swap, dict.fromkeys(swap.members, 0), now=now, reason=reason)
    return _finish(swap, event, moves=set(), now=now, said=reason)


@transaction.atomic
def object_to(*, swap: Swap, by: User, reason: str, statement: str, now: dt.datetime | None = None) -> Dispute:
    """Report what is wrong with the other's parcel: clocks stop, the money stays, the present dispute flow decides.

    Raises NotYours, SwapMovedOn, Conflict (too early, own parcel not sent, no money of theirs held), InvalidInput.
    """
    now = now or timezone.now()
    swap = locked(swap.pk, by)
    sides = _sides(swap)
    mine, theirs = sides[by.pk], sides[swap.other_than(by.pk)]
    if swap.state not in {SwapState.UNDER_WAY, SwapState.DISPUTED} or not theirs.shipped_at or theirs.accepted_at:
        raise SwapMovedOn
    if mine.shipped_at is None:
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
    return escrow.answer_dispute(dispute=_open_case(swap, swap.other_than(by.pk)), by=by, statement=statement)


@transaction.atomic
def withdraw_case(*, swap: Swap, by: User) -> Swap:
    """Take one's objection back. Raises NotYours, Conflict."""
    swap = locked(swap.pk, by)
    escrow.withdraw_dispute(dispute=_open_case(swap, by.pk), by=by)
    return swap


def _open_case(swap: Swap, payer_id: uuid.UUID) -> Dispute:
    states = [Dispute.State.OPEN, Dispute.State.ANSWERED]
    case = Dispute.objects.filter(hold__swap_side__swap=swap, hold__payer=payer_id, state__in=states).first()
    if case is None:
        raise Conflict("There is no open case.")
    return case


@transaction.atomic
def frozen(*, hold_id: uuid.UUID, now: dt.datetime | None = None) -> None:
    """A hold is in dispute, maybe by a bank: the swap waits with it. Safe to repeat."""
    swap = _of_hold(hold_id)
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
    swap = _of_hold(hold_id)
    if swap is None or swap.state != SwapState.DISPUTED:
        return
    sides = _sides(swap)
    states = {side.hold.state for side in sides.values() if side.hold is not None}
    if not states <= {HoldState.FUNDED}:
        return
    move(swap, "resume", now=now)
    for side in sides.values():
        if side.shipped_at and not side.accepted_at:
            wait = "inspect" if side.delivered_at else "unclaimed"
            side.due_at = now + settings.TRADE_DEADLINES[wait]
            side.save(update_fields=["due_at"])
    note(swap, "The objection was withdrawn.")


@transaction.atomic
def decided(*, hold_id: uuid.UUID, now: dt.datetime | None = None) -> None:
    """A hold ended by a decision (a moderator's, a side giving in, a bank's): the rest of the swap follows it.

    For who objected: all of theirs is back, and the other's money makes good what was sent. Against: as agreed. Cards
    are with whom the parcels reached. Waits while another case of the same swap is open. Safe to repeat.
    """
    now = now or timezone.now()
    swap = _of_hold(hold_id)
    if swap is None or swap.state not in BINDING:
        return
    sides = _sides(swap)
    held = {member: side.hold for member, side in sides.items() if side.hold is not None}
    if any(hold.state == HoldState.DISPUTED for hold in held.values()):
        return
    ended = {member: hold for member, hold in held.items() if hold.state in TERMINAL}
    parts: dict[uuid.UUID, int] = {}
    for member, hold in held.items():
        if member in ended:
            continue
        verdict = ended.get(swap.other_than(member))
        if verdict is not None and verdict.state == HoldState.REFUNDED:
            by_bank = verdict.payments.filter(chargebacks__state="lost").exists()
            parts[member] = 0 if by_bank else _harm(swap, sides[member], hold)
    _settle(swap, parts, now=now, reason="The case was decided.")
    rejected = all(hold.state == HoldState.RELEASED for hold in ended.values())
    reached = {member for member, side in sides.items() if side.delivered_at or (rejected and side.shipped_at)}
    complete = rejected and len(reached) == len(sides) and swap.state == SwapState.DISPUTED
    _finish(swap, "complete" if complete else "settle", moves=reached, now=now, said="The case is decided.")


def _harm(swap: Swap, faulty: Side, hold: Hold) -> int:
    """What of the faulty side's money makes the other good."""
    harmed = swap.other_than(faulty.member_id)
    sent = sum(line.quantity * (line.value_minor or 0) for line in swap.lines.all() if line.giver_id == harmed)
    return made_good(amount_minor=hold.amount_minor, deposit_minor=faulty.deposit_minor, sent_minor=sent)


def _settle(swap: Swap, parts: dict[uuid.UUID, int], *, now: dt.datetime, reason: str) -> None:
    """End every open hold: as agreed, or with the part that goes over. Unpaid ones are called off."""
    for member, side in _sides(swap).items():
        hold = side.hold
        if hold is None or hold.state in TERMINAL:
            continue
        if hold.state == HoldState.CREATED:
            escrow.cancel_led(hold=hold, reason=reason, now=now)
        else:
            escrow.settle_led(hold=hold, payee_minor=parts.get(member), reason=reason, now=now)


def _finish(swap: Swap, event: str, *, moves: set[uuid.UUID], now: dt.datetime, said: str = "") -> Swap:
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
                to=people[swap.other_than(line.giver_id)],
                unit_price_minor=line.value_minor,
                currency=swap.currency,
                cause=cause,
                by=None,
            )
        else:
            inventory.release_reservation(item_id=line.item_id, quantity=line.quantity, cause=cause, by=None)
    if event == "complete":
        outbox.emit(SwapCompleted(**who(swap)))
        said = said or "Both are content. The cards have changed hands."
    else:
        outbox.emit(SwapClosed(**who(swap), state=swap.state))
    note(swap, said)
    return swap


# -- the clock -------------------------------------------------------------------
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
        _call_off(swap, "expire", now, "The money did not come in time. The cards of both are free again.")
        return 1
    sides = _sides(swap)
    faulty = [side for side in sides.values() if side.shipped_at is None]
    if len(faulty) == len(sides):
        _call_off(swap, "expire", now, "Nobody shipped in time. The cards of both are free again.")
    elif faulty:
        _break(swap, sides, faulty[0], now)
    return 1


def _break(swap: Swap, sides: dict[uuid.UUID, Side], faulty: Side, now: dt.datetime) -> None:
    """One side never shipped: the other has all its money back, is made good, and keeps cards that did not arrive."""
    harmed = sides[swap.other_than(faulty.member_id)]
    parts = {harmed.member_id: 0}
    if faulty.hold is not None:
        parts[faulty.member_id] = _harm(swap, faulty, faulty.hold)
    _settle(swap, parts, now=now, reason="One side did not ship in time.")
    reached = {harmed.member_id} if harmed.delivered_at else set()
    said = "One parcel never left. The other side has its money back and is made good out of the deposit."
    _finish(swap, "break", moves=reached, now=now, said=said)


@transaction.atomic
def _silence(pk: uuid.UUID, now: dt.datetime) -> int:
    """The time to look at a parcel passed in silence."""
    side_of = Side.objects.filter(pk=pk).values_list("swap_id", "member_id").first()
    if side_of is None:
        return 0
    swap = locked(side_of[0], skip_locked=True)
    side = _sides(swap)[side_of[1]]
    if side.due_at is None or side.due_at > now or swap.state != SwapState.UNDER_WAY:
        return 0
    _accept(swap, side, now)
    return 1


def _sides(swap: Swap) -> dict[uuid.UUID, Side]:
    """Both sides by member, as they are now, with their holds; the caller has the swap's lock."""
    return {side.member_id: side for side in Side.objects.filter(swap=swap).select_related("hold").order_by("pk")}


def _of_hold(hold_id: uuid.UUID) -> Swap | None:
    pk = Side.objects.filter(hold=hold_id).values_list("swap_id", flat=True).first()
    return locked(pk) if pk else None
