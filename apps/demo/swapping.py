"""The demo's swaps: one that waits for the seller's answer, a counter-proposal, one whose parcels are under way."""

from __future__ import annotations

from django.conf import settings

from apps.accounts.models import User
from apps.core import outbox
from apps.core.money import Money
from apps.demo.people import address_of
from apps.demo.waiting import People, for_trade, unlisted
from apps.inventory.models import InventoryItem
from apps.trades.swaps import actions, course
from apps.trades.swaps.actions import LEAST_CASH_MINOR, Terms
from apps.trades.swaps.models import Swap
from apps.trades.swaps.states import SwapState
from apps.trades.swaps.table import values_of

_ASKED, _TO_COUNTER, _UNDER_WAY = "demo-asked", "demo-to-counter", "demo-under-way"


def are_there(people: People) -> bool:
    """Whether all three are as far as they can be: what is paid needs a payment company."""
    swaps = {swap.request_key: swap for swap in Swap.objects.filter(request_key__in=(_ASKED, _TO_COUNTER, _UNDER_WAY))}
    waits = _UNDER_WAY in swaps and swaps[_UNDER_WAY].state == SwapState.AGREED and settings.STRIPE_SECRET_KEY
    return len(swaps) == 3 and not waits


def make_swaps(people: People) -> None:
    """All three; a load that was interrupted goes on where it stood. Not inside a transaction."""
    shown = {handle: for_trade(people[handle]) for handle in ("seller", "trader")}
    _propose(people, "trader", "seller", shown["seller"][:1], "Yours would close a page of my binder.", _ASKED)
    asked = _propose(people, "buyer", "trader", shown["trader"][:1], "For my binder?", _TO_COUNTER)
    if asked.state == SwapState.PROPOSED:
        copies = {line.giver_id: {line.item_id: line.quantity} for line in asked.lines.all()}
        terms = Terms(
            gives=copies[asked.other_id],
            takes=copies[asked.proposer_id],
            cash_minor=-max(asked.cash_minor + 150, LEAST_CASH_MINOR),
        )
        actions.counter(
            swap=asked, terms=terms, ship_to=address_of("trader"), by=people["trader"], message="A little more, please."
        )
    _send(_propose(people, "buyer", "seller", shown["seller"][1:2], "", _UNDER_WAY), people)


def _propose(people: People, giver: str, taker: str, takes: list[InventoryItem], words: str, key: str) -> Swap:
    """The giver's copy that is nearest in value for the other's, evened out with cash where it is less."""
    by, to = people[giver], people[taker]
    if earlier := Swap.objects.filter(proposer=by, request_key=key).first():
        return earlier
    given, missing_minor = _nearest(by, takes[0])
    terms = Terms(
        gives={given.pk: 1},
        takes={takes[0].pk: 1},
        cash_minor=missing_minor if missing_minor >= LEAST_CASH_MINOR else 0,
    )
    return actions.propose(to=to, terms=terms, ship_to=address_of(giver), by=by, message=words, request_key=key)


def _nearest(owner: User, taken: InventoryItem) -> tuple[InventoryItem, int]:
    """Of what a member gives in no other swap the copy of about this value, and by how many minor units it is less."""
    own = list(unlisted(owner).filter(swap_lines__isnull=True))
    minor = {
        pk: Money.from_decimal(price.amount).amount_minor
        for pk, price in values_of([*own, taken], currency="USD").items()
    }
    worth = minor.get(taken.pk, 0)
    nearest = min(own, key=lambda item: (abs(worth - minor.get(item.pk, 0)), item.pk))
    return nearest, worth - minor.get(nearest.pk, 0)


def _send(swap: Swap, people: People) -> None:
    """Agreed, paid by both where there is a payment company, and the seller's parcel on its way."""
    seller = people["seller"]
    if swap.state == SwapState.PROPOSED:
        swap = actions.agree(swap=swap, ship_to=address_of("seller"), by=seller)
    if swap.state == SwapState.AGREED and settings.STRIPE_SECRET_KEY:
        for side in swap.sides.select_related("member").filter(hold__isnull=False):
            course.pay(swap=swap, by=side.member, payment_method="pm_card_visa")
        outbox.relay()
        swap.refresh_from_db()
    if swap.state == SwapState.UNDER_WAY:
        course.ship(swap=swap, by=seller, carrier="USPS", tracking_number="9400111899223817264530")
