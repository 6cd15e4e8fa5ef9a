"""Rings of three: proposed as one agreement, each side with a deposit of what comes to it. When one breaks: legs.py."""

from __future__ import annotations

import itertools
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
from apps.core.errors import InvalidInput
from apps.escrow import actions as escrow
from apps.trades.addresses import kept_address
from apps.trades.swaps import moves, queries
from apps.trades.swaps.events import SwapProposed
from apps.trades.swaps.models import Side, Swap, SwapLine
from apps.trades.swaps.proposing import KEPT_FROM, lines_of, proposed_before, put_down

LEAST_PILE_MINOR = 100


@dataclass(frozen=True)
class RingTerms:
    """Copies by item that go round: from who proposes to the other, from the other to the third, from the third back."""

    gives: Mapping[uuid.UUID, int]
    between: Mapping[uuid.UUID, int]
    takes: Mapping[uuid.UUID, int]


@transaction.atomic
def propose_ring(
    *,
    other: User,
    third: User,
    terms: RingTerms,
    ship_to: Address | Mapping[str, str],
    by: User,
    message: str = "",
    request_key: str = "",
) -> Swap:
    """Propose three piles that go round; both others answer. The same `request_key` again is the same proposal.

    Every card has a fair value, for that is what is left as a deposit and paid where the ring breaks. Raises
    InvalidInput, NotFree, Blocked, Restricted, SwitchedOff, TooManySwaps, NotYours. Emits swap.proposed.
    """
    if earlier := proposed_before(by, request_key):
        return earlier
    parts.check_on(parts.RINGS, by)
    people = (by, other, third)
    if len({person.pk for person in people}) < 3:
        raise InvalidInput("A ring is made of three different people.")
    check_apart(people)
    check_may(by, *KEPT_FROM)
    piles = (terms.gives, terms.between, terms.takes)
    if not all(piles):
        raise InvalidInput("Each of the three gives at least one card.")
    if sum(map(len, piles)) > settings.SWAPS["most_lines"]:
        raise InvalidInput(f"A swap has at most {settings.SWAPS['most_lines']} lines.")
    now = timezone.now()
    swap = Swap.objects.create(
        proposer=by, other=other, third=third, message=message.strip()[:300],
        due_at=now + settings.SWAPS["open_for"], request_key=request_key[:80],
    )  # fmt: skip
    mine = Side(swap=swap, member=by, ship_to=kept_address(ship_to), agreed_at=now)
    Side.objects.bulk_create([mine, Side(swap=swap, member=other), Side(swap=swap, member=third)])
    lines = [line for giver, copies in zip(people, piles, strict=True) for line in lines_of(swap, giver, copies)]
    if any(line.value_minor is None for line in lines):
        raise InvalidInput("In a ring every card needs a fair value: it is what the deposits are.")
    if any(pile.value < LEAST_PILE_MINOR for pile in queries.piles(swap, lines).values()):
        raise InvalidInput("In a ring each side gives cards worth 1.00 or more.")
    put_down(lines)
    outbox.emit(SwapProposed(**moves.who(swap)))
    return swap


def check_apart(people: Sequence[User]) -> None:
    """Nobody of these has blocked another. Raises Blocked."""
    for one, two in itertools.combinations(people, 2):
        check_not_blocked(one.pk, two.pk)


def open_holds(swap: Swap, lines: Sequence[SwapLine]) -> None:
    """Ask each side of a locked ring that all have agreed to for the value of what comes to it, without a fee."""
    piles = queries.piles(swap, lines)
    people = {person.pk: person for person in swap.people}
    for side in swap.sides.select_for_update().order_by("pk"):
        sender = people[swap.sender_to(side.member_id)]
        side.deposit_minor = piles[sender.pk].value
        # All of it is cash: where the ring breaks it pays for the parcel, where it holds it goes back.
        side.hold = escrow.create_led_hold(
            payer=people[side.member_id], payee=sender, cash_minor=side.deposit_minor, security_minor=0, fee_minor=0,
            currency=swap.currency, description=f"Ring of {', '.join(map(str, swap.people))}",
            cause=f"{moves.cause_of(swap)}:{side.member_id}",
        )  # fmt: skip
        side.save(update_fields=["deposit_minor", "hold"])
