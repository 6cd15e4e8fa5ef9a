"""Bargaining over a swap: propose, counter, agree, decline, withdraw, talk. What follows: course.py, cases.py, clock.py.

Locks are taken in one order: the proposer's row (for limits), swap, items by id, holds.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts.blocks.queries import check_not_blocked
from apps.accounts.models import Address, User
from apps.accounts.restrictions.queries import check_may
from apps.core import outbox, parts
from apps.core.errors import Conflict, InvalidInput, NotYours
from apps.escrow import actions as escrow
from apps.escrow import fees
from apps.inventory import actions as inventory
from apps.live.pushing import push
from apps.trades.addresses import kept_address
from apps.trades.swaps import checking, moves, queries, rings
from apps.trades.swaps.events import SwapAgreed, SwapProposed
from apps.trades.swaps.fairness import deposits
from apps.trades.swaps.models import Side, Swap, SwapLine, SwapMessage
from apps.trades.swaps.proposing import (
    KEPT_FROM,
    NotFree,
    check_unlisted,
    lines_of,
    proposed_before,
    put_down,
)
from apps.trades.swaps.states import SwapState

LEAST_CASH_MINOR = 100


class SwapEnded(Conflict):
    """The proposal waits for no answer any more."""

    code, message = "SWAP_ENDED", "This proposal has ended. Look at what came after it."


@dataclass(frozen=True)
class Terms:
    """What is proposed: copies by item for each pile, and cash that who proposes pays (negative: gets)."""

    gives: Mapping[uuid.UUID, int]
    takes: Mapping[uuid.UUID, int]
    cash_minor: int = 0


@transaction.atomic
def propose(
    *, to: User, terms: Terms, ship_to: Address | Mapping[str, str], by: User, message: str = "", request_key: str = ""
) -> Swap:
    """Propose two piles. The same `request_key` again is the same proposal.

    Raises InvalidInput, NotFree, Blocked, Restricted, TooManySwaps, NotYours (copies of somebody else). Emits swap.proposed.
    """
    if earlier := proposed_before(by, request_key):
        return earlier
    return _place(to, terms, kept_address(ship_to), by, message, request_key, answers=None)


@transaction.atomic
def counter(*, swap: Swap, terms: Terms, ship_to: Address | Mapping[str, str], by: User, message: str = "") -> Swap:
    """Answer two piles with other terms: the former proposal ends, the new one waits for the other. Safe to repeat.

    Raises SwapEnded, NotYours, InvalidInput, NotFree, Blocked, Restricted. Emits swap.closed, swap.proposed.
    """
    if swap.is_ring:
        raise InvalidInput("A ring is answered with yes or no. Say in a message what would suit you.")
    swap = _for_answer(swap, by, repeated=SwapState.COUNTERED)
    if swap.state == SwapState.COUNTERED:
        return Swap.objects.get(answers=swap)
    address = kept_address(ship_to)
    moves.close(swap, SwapState.COUNTERED)
    made = _place(swap.proposer, terms, address, by, message, "", answers=swap)
    if _same_terms(made, swap):
        raise InvalidInput("This is what was proposed. Agree to it instead.")
    return made


@transaction.atomic
def agree(*, swap: Swap, ship_to: Address | Mapping[str, str], by: User) -> Swap:
    """All agree: the copies of all are reserved, the terms stand, and the money that is asked for is due.

    In a ring the first of the two who answer has said yes, and waits for the other. It may have to wait until a moderator
    has looked (`checked_since`). Safe to repeat. Raises SwapEnded, NotYours, NotFree, OutOfStock, Blocked, Restricted,
    InvalidInput, SwitchedOff (of a ring, where its proposer has none). Emits swap.agreed.
    """
    swap = _for_answer(swap, by, repeated=SwapState.AGREED)
    if swap.state != SwapState.PROPOSED:
        return swap
    if swap.is_ring:
        parts.check_on(parts.RINGS, swap.proposer)
    rings.check_apart(swap.people)
    check_may(by, *KEPT_FROM)
    side = swap.sides.get(member=by)
    if side.agreed_at is not None:
        return swap
    side.ship_to, side.agreed_at = kept_address(ship_to), timezone.now()
    side.save(update_fields=["ship_to", "agreed_at"])
    if swap.sides.filter(agreed_at__isnull=True).exclude(member=swap.proposer_id).exists():
        moves.note(swap, f"{by} agrees. The third has still to answer.")
        return swap
    cause = moves.cause_of(swap)
    lines = list(swap.lines.select_related("item").order_by("item_id"))
    for line in lines:
        item = inventory.reserve(item_id=line.item_id, quantity=line.quantity, cause=cause, by=by)
        if item.owner_id != line.giver_id:
            raise NotFree("A card of this proposal has another owner by now.")
    # Listings take their copies from the same counters; looked at under the items' locks.
    check_unlisted(lines)
    is_funded = not _open_holds(swap, lines)
    swap.agreed_at = timezone.now()
    waits = checking.judge_agreed(swap, lines, now=swap.agreed_at)
    moves.move(swap, "agree-without-money" if is_funded and not waits else "agree")
    outbox.emit(SwapAgreed(**moves.who(swap)))
    moves.note(swap, "Agreed. All cards are reserved.")
    if waits:
        checking.begin(swap)
    return swap


@transaction.atomic
def decline(*, swap: Swap, by: User) -> Swap:
    """Say no; in a ring also after one's yes, until all have said it. Safe to repeat.

    Raises SwapEnded, NotYours. Emits swap.closed.
    """
    swap = _for_answer(swap, by, repeated=SwapState.DECLINED)
    return swap if swap.state == SwapState.DECLINED else moves.close(swap, SwapState.DECLINED)


@transaction.atomic
def withdraw(*, swap: Swap, by: User) -> Swap:
    """Take back one's own proposal. Safe to repeat. Raises SwapEnded, NotYours. Emits swap.closed."""
    swap = moves.locked(swap.pk, by)
    if swap.proposer_id != by.pk:
        raise NotYours("Only who proposed can take it back.")
    if swap.state == SwapState.WITHDRAWN:
        return swap
    if swap.state != SwapState.PROPOSED:
        raise SwapEnded
    return moves.close(swap, SwapState.WITHDRAWN)


@transaction.atomic
def say(*, swap: Swap, by: User, body: str) -> SwapMessage:
    """Write to the others. Raises NotYours, Blocked, InvalidInput."""
    swap = moves.locked(swap.pk, by)
    rings.check_apart(swap.people)
    body = body.strip()
    if not 1 <= len(body) <= 2000:
        raise InvalidInput("A message has 1 to 2,000 characters.", field="body")
    push(f"swap:{swap.pk}", "message")
    return SwapMessage.objects.create(swap=swap, author=by, body=body)


def _place(
    to: User, terms: Terms, address: dict[str, str], by: User, message: str, request_key: str, *, answers: Swap | None
) -> Swap:
    """A new proposal with its lines at today's values, and both sides."""
    if to.pk == by.pk:
        raise InvalidInput("Nobody swaps with themselves.")
    check_not_blocked(by.pk, to.pk)
    check_may(by, *KEPT_FROM)
    if not terms.gives or not terms.takes:
        raise InvalidInput("Each side gives at least one card. To buy or to sell, use a listing.")
    if len(terms.gives) + len(terms.takes) > settings.SWAPS["most_lines"]:
        raise InvalidInput(f"A swap has at most {settings.SWAPS['most_lines']} lines.")
    if terms.cash_minor and not LEAST_CASH_MINOR <= abs(terms.cash_minor) <= settings.SWAPS["most_cash_minor"]:
        raise InvalidInput("Cash is nothing, or at least 1.00 and not above the limit.", field="cash")
    swap = Swap.objects.create(
        proposer=by,
        other=to,
        answers=answers,
        cash_minor=terms.cash_minor,
        message=message.strip()[:300],
        due_at=timezone.now() + settings.SWAPS["open_for"],
        request_key=request_key[:80],
    )
    agreed = Side(swap=swap, member=by, ship_to=address, agreed_at=swap.created_at)
    Side.objects.bulk_create([agreed, Side(swap=swap, member=to)])
    lines = lines_of(swap, by, terms.gives) + lines_of(swap, to, terms.takes)
    put_down(lines)
    outbox.emit(SwapProposed(**moves.who(swap)))
    return swap


def _open_holds(swap: Swap, lines: Sequence[SwapLine]) -> list[Side]:
    """What each side has to pay before parcels leave; the sides with a hold."""
    if swap.is_ring:
        rings.open_holds(swap, lines)
        return list(swap.sides.all())
    piles = queries.piles(swap, lines)
    rules = settings.SWAPS
    newcomer = queries.is_newcomer(swap.proposer) or queries.is_newcomer(swap.other)
    asked = deposits(
        piles[swap.proposer_id], piles[swap.other_id], newcomer=newcomer,
        over_minor=rules["deposit_over_minor"], percent=rules["deposit_percent"],
    )  # fmt: skip
    paying = []
    people = {swap.proposer_id: swap.proposer, swap.other_id: swap.other}
    sides = {side.member_id: side for side in swap.sides.select_for_update().order_by("pk")}
    for member_id, deposit in zip(swap.members, asked, strict=True):
        side, cash = sides[member_id], swap.cash_from(member_id)
        side.deposit_minor = deposit
        if cash + deposit:
            side.hold = escrow.create_led_hold(
                payer=people[member_id],
                payee=people[swap.sender_to(member_id)],
                cash_minor=cash,
                security_minor=deposit,
                fee_minor=fees.fee_for(cash),
                currency=swap.currency,
                description=f"Swap with {people[swap.sender_to(member_id)]}",
                cause=f"{moves.cause_of(swap)}:{member_id}",
            )
            paying.append(side)
        side.save(update_fields=["deposit_minor", "hold"])
    return paying


def _for_answer(swap: Swap, by: User, *, repeated: SwapState) -> Swap:
    """The locked proposal that waits for this member, or one that got the same answer before."""
    swap = moves.locked(swap.pk, by)
    if swap.proposer_id == by.pk:
        raise NotYours("The other side answers.")
    answered_before = swap.state == repeated or (repeated == SwapState.AGREED and swap.agreed_at is not None)
    if swap.state != SwapState.PROPOSED and not answered_before:
        raise SwapEnded
    if swap.state == SwapState.PROPOSED and swap.due_at <= timezone.now():
        raise SwapEnded("The time to answer has passed.")
    return swap


def _same_terms(one: Swap, other: Swap) -> bool:
    def table(swap: Swap) -> set[tuple]:
        return set(swap.lines.values_list("giver", "item", "quantity"))

    return one.cash_minor == -other.cash_minor and table(one) == table(other)
