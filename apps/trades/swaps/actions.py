"""Bargaining over a swap: propose, counter, agree, decline, withdraw, talk. What follows: course.py, cases.py, clock.py.

Locks are taken in one order: the proposer's row (for limits), swap, items by id, holds.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, Sum
from django.utils import timezone

from apps.accounts.blocks.queries import check_not_blocked
from apps.accounts.models import Address, User
from apps.accounts.restrictions.models import From
from apps.accounts.restrictions.queries import check_may
from apps.core import outbox
from apps.core.errors import Conflict, InvalidInput, NotYours
from apps.escrow import actions as escrow
from apps.escrow import fees
from apps.inventory import actions as inventory
from apps.inventory.models import InventoryItem
from apps.listings.models import Listing
from apps.live.pushing import push
from apps.trades.swaps import checking, moves, queries, table
from apps.trades.swaps.events import SwapAgreed, SwapProposed
from apps.trades.swaps.fairness import deposits
from apps.trades.swaps.models import Side, Swap, SwapLine, SwapMessage
from apps.trades.swaps.states import SwapState

LEAST_CASH_MINOR = 100
_KEPT_FROM = (From.OFFERS, From.BUYING)  # a swap is both: who is kept from either proposes and agrees to none
_ADDRESS = ("name", "line1", "line2", "city", "region", "postal_code", "country")
_NEEDED = ("name", "line1", "city", "postal_code", "country")


class SwapEnded(Conflict):
    """The proposal waits for no answer any more."""

    code, message = "SWAP_ENDED", "This proposal has ended. Look at what came after it."


class TooManySwaps(Conflict):
    """A limit on proposals is reached."""

    code = "TOO_MANY_SWAPS"


class NotFree(Conflict):
    """Copies are promised or offered for sale."""

    code = "NOT_FREE"


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
    User.objects.select_for_update(no_key=True, of=("self",)).get(pk=by.pk)
    if request_key and (earlier := Swap.objects.filter(proposer=by, request_key=request_key).first()):
        return earlier
    most = settings.SWAPS["most_open"]
    if Swap.objects.filter(proposer=by, state=SwapState.PROPOSED).count() >= most:
        raise TooManySwaps(f"You have {most} open proposals, which is the most. Withdraw some, or wait for answers.")
    return _place(to, terms, _address(ship_to), by, message, request_key, answers=None)


@transaction.atomic
def counter(*, swap: Swap, terms: Terms, ship_to: Address | Mapping[str, str], by: User, message: str = "") -> Swap:
    """Answer with other terms: the former proposal ends, the new one waits for the other side. Safe to repeat.

    Raises SwapEnded, NotYours, InvalidInput, NotFree, Blocked, Restricted. Emits swap.closed, swap.proposed.
    """
    swap = _for_answer(swap, by, repeated=SwapState.COUNTERED)
    if swap.state == SwapState.COUNTERED:
        return Swap.objects.get(answers=swap)
    address = _address(ship_to)
    moves.close(swap, SwapState.COUNTERED)
    made = _place(swap.proposer, terms, address, by, message, "", answers=swap)
    if _same_terms(made, swap):
        raise InvalidInput("This is what was proposed. Agree to it instead.")
    return made


@transaction.atomic
def agree(*, swap: Swap, ship_to: Address | Mapping[str, str], by: User) -> Swap:
    """Both agree: the copies of both are reserved, the terms stand, and the money that is asked for is due.

    It may have to wait until a moderator has looked (`checked_since`). Safe to repeat. Raises SwapEnded, NotYours, NotFree,
    OutOfStock, Blocked, Restricted, InvalidInput. Emits swap.agreed.
    """
    swap = _for_answer(swap, by, repeated=SwapState.AGREED)
    if swap.state != SwapState.PROPOSED:
        return swap
    check_not_blocked(*swap.members)
    check_may(by, *_KEPT_FROM)
    cause = moves.cause_of(swap)
    lines = list(swap.lines.select_related("item").order_by("item_id"))
    for line in lines:
        item = inventory.reserve(item_id=line.item_id, quantity=line.quantity, cause=cause, by=by)
        if item.owner_id != line.giver_id:
            raise NotFree("A card of this proposal has another owner by now.")
    # Listings take their copies from the same counters; looked at under the items' locks.
    _check_unlisted(lines)
    Side.objects.filter(swap=swap, member=by).update(ship_to=_address(ship_to))
    is_funded = not _open_holds(swap, lines)
    swap.agreed_at = timezone.now()
    waits = checking.judge_agreed(swap, lines, now=swap.agreed_at)
    moves.move(swap, "agree-without-money" if is_funded and not waits else "agree")
    outbox.emit(SwapAgreed(**moves.who(swap)))
    moves.note(swap, "Agreed. The cards of both are reserved.")
    if waits:
        checking.begin(swap)
    return swap


@transaction.atomic
def decline(*, swap: Swap, by: User) -> Swap:
    """Say no. Safe to repeat. Raises SwapEnded, NotYours. Emits swap.closed."""
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
    """Write to the other. Raises NotYours, Blocked, InvalidInput."""
    swap = moves.locked(swap.pk, by)
    check_not_blocked(*swap.members)
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
    check_may(by, *_KEPT_FROM)
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
    Side.objects.bulk_create([Side(swap=swap, member=by, ship_to=address), Side(swap=swap, member=to)])
    lines = _lines(swap, by, terms.gives) + _lines(swap, to, terms.takes)
    for line in lines:
        if line.quantity > line.item.available:
            raise NotFree(f"Not enough free copies of {line.item.variant.product.name}.", item=str(line.item_id))
    _check_unlisted(lines)
    SwapLine.objects.bulk_create(lines)
    outbox.emit(SwapProposed(**moves.who(swap)))
    return swap


def _lines(swap: Swap, giver: User, copies: Mapping[uuid.UUID, int]) -> list[SwapLine]:
    """The lines of one pile. Of the other side only what is marked for trade or was on the table before."""
    allowed = Q(owner=giver)
    if giver.pk != swap.proposer_id:
        before = SwapLine.objects.filter(swap=swap.answers_id, giver=giver).values("item")
        allowed &= Q(have__isnull=False) | Q(pk__in=before)
    items = InventoryItem.objects.filter(allowed, pk__in=list(copies)).select_related("variant__product").order_by("pk")
    found = list(items)
    if len(found) != len(copies):
        raise NotYours("A card of this pile is not there any more, or is not for trade.")
    if any(not 1 <= quantity <= inventory.MOST_COPIES for quantity in copies.values()):
        raise InvalidInput("At least one copy of each.", field="quantity")
    values = table.values_of(found, currency=swap.currency)
    return [
        SwapLine(
            swap=swap,
            giver=giver,
            item=item,
            quantity=copies[item.pk],
            condition_label=item.condition_label,
            **table.line_values(values.get(item.pk)),
        )
        for item in found
    ]


def _check_unlisted(lines: Sequence[SwapLine]) -> None:
    """No copy stands in a listing and in a swap. Raises NotFree."""
    offered = dict(
        Listing.objects.filter(item__in=[line.item_id for line in lines], state__in=["active", "paused", "away"])
        .values("item")
        .annotate(copies=Sum("quantity"))
        .values_list("item", "copies")
    )
    copies = dict(InventoryItem.objects.filter(pk__in=offered).values_list("pk", F("quantity") - F("reserved")))
    for line in lines:
        asked = line.quantity if line._state.adding else 0  # once it is reserved it is not free any more
        if line.item_id in offered and offered[line.item_id] + asked > copies[line.item_id]:
            raise NotFree("A card of this swap is offered for sale. Its owner takes it off sale first.")


def _open_holds(swap: Swap, lines: Sequence[SwapLine]) -> list[Side]:
    """What each side has to pay before parcels leave; the sides with a hold."""
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
                payee=people[swap.other_than(member_id)],
                cash_minor=cash,
                security_minor=deposit,
                fee_minor=fees.fee_for(cash),
                currency=swap.currency,
                description=f"Swap with {people[swap.other_than(member_id)]}",
                cause=f"{moves.cause_of(swap)}:{member_id}",
            )
            paying.append(side)
        side.save(update_fields=["deposit_minor", "hold"])
    return paying


def _for_answer(swap: Swap, by: User, *, repeated: SwapState) -> Swap:
    """The locked proposal that waits for this member, or one that got the same answer before."""
    swap = moves.locked(swap.pk, by)
    if swap.other_id != by.pk:
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


def _address(ship_to: Address | Mapping[str, str]) -> dict[str, str]:
    given = ship_to.as_text() if isinstance(ship_to, Address) else ship_to
    address = {name: str(given.get(name, "")).strip()[:200] for name in _ADDRESS}
    if missing := [name for name in _NEEDED if not address[name]]:
        raise InvalidInput("The address is not complete.", fields=missing)
    return address
