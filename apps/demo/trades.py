"""The demo's inventories, listings, and trades in every state, made through the apps' own actions as people would."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import wraps

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog.models import Variant
from apps.core import outbox
from apps.core.money import Money
from apps.demo import catalogue, market
from apps.demo.payouts import open_payout_account
from apps.demo.people import DOMAIN, address_of
from apps.escrow import actions as escrow
from apps.escrow.models import Dispute, HoldState, Payment
from apps.inventory import actions as inventory
from apps.inventory.models import InventoryItem
from apps.listings import actions as listings
from apps.listings.models import Listing
from apps.listings.photos import needs_photo
from apps.trades import actions as trades
from apps.trades.models import Trade
from apps.valuations.models import CurrentPrice

# handle: (items in the inventory, how many of them listed)
STOCK = {"seller": (48, 22), "trader": (30, 8), "buyer": (24, 3), "lena": (20, 12), "kenji": (26, 14), "oskar": (14, 8)}

# Keys are drawn anew with every load: by them every demo would have other copies, prices and trades.
_ALWAYS_THE_SAME = ("product__category__path", "product__release__code", "product__number", "finish", "language")

# Whose payout accounts are open.
PAID = ("seller", "trader", "lena")


def make_inventories(people: dict[str, User]) -> dict[str, list[Listing]]:
    """Stock for every member, part of it for sale near its fair value."""
    pictured = Variant.objects.filter(product__images__isnull=False, is_default=True).order_by(*_ALWAYS_THE_SAME)
    cards = [
        str(pk) for pk in pictured.exclude(product__category__path__startswith="toys").values_list("pk", flat=True)
    ]
    toys = [str(pk) for pk in pictured.filter(product__category__path__startswith="toys").values_list("pk", flat=True)]
    values = dict(CurrentPrice.objects.filter(condition="NM").values_list("variant_id", "value"))
    offered: dict[str, list[Listing]] = {}
    to_list: list[tuple[float, str, int, InventoryItem]] = []
    for handle, (stock, listed) in STOCK.items():
        owner = people[handle]
        if owner.items.exists():
            offered[handle] = list(owner.listings.filter(state=Listing.State.ACTIVE).order_by("created_at"))
            continue
        offered[handle] = []
        binder = inventory.create_binder(owner=owner, name="Trade binder" if handle == "trader" else "Shelf")
        chosen = market.pick(stock, handle, ids=(toys or cards) if handle == "oskar" else cards)
        variants = Variant.objects.in_bulk(chosen)
        items = [
            _item(owner, variants[uuid.UUID(pk)], values, handle, number, binder) for number, pk in enumerate(chosen)
        ]
        to_list += [((place + 0.5) / listed, handle, place, item) for place, item in enumerate(items[:listed])]
    # Sellers list in turns, as on a real market: what is newest is a mix and not one seller's shelf.
    for _, handle, place, item in sorted(to_list, key=lambda row: row[:2]):
        offered[handle].append(_listing(item, values, handle, place))
    return offered


def _item(owner: User, variant: Variant, values: dict, handle: str, number: int, binder: object) -> InventoryItem:
    value = values.get(variant.pk, Decimal(2))
    graded = number % 11 == 5 and value > 10
    return inventory.add_item(
        owner=owner,
        variant=variant,
        by=owner,
        condition="" if graded else market.condition_for(handle, number),
        grade_company="PSA" if graded else "",
        grade=Decimal(9 if number % 2 else 10) if graded else None,
        quantity=1 if value > 20 or graded else 1 + number % 4,
        unit_cost_minor=Money.from_decimal(value * Decimal("0.8")).amount_minor if number % 5 else None,
        acquired_on=timezone.now().date() - dt.timedelta(days=30 + 11 * number),
        binder=binder if number % 3 == 0 else None,
        provenance={"from": "hand"},
    )


def _listing(item: InventoryItem, values: dict, handle: str, number: int) -> Listing:
    factor = Decimal(str(market.CONDITION_FACTORS.get(item.condition, 2.4)))
    asked = values.get(item.variant_id, Decimal(2)) * factor * market.spread_for(handle, number)
    price = Money.from_decimal(asked).amount_minor
    words = "Photos on request." if number % 3 else ""
    price = max(price, 50)
    if needs_photo(is_graded=item.grade is not None, price_minor=price):
        catalogue.photograph_copy(item)
    return listings.list_item(item=item, quantity=item.quantity, price_minor=price, by=item.owner, description=words)


def make_trades(people: dict[str, User], offered: dict[str, list[Listing]]) -> Iterator[str]:
    """One trade after the other, in every state that a trade can be in; yields each story that has been told.

    A load that was interrupted goes on where it stood. Without a payment company (no key is set) only unpaid and
    cancelled ones are made.
    """
    # Neither the cheapest nor the dearest: a new seller's open sales are limited in value.
    stock = {
        handle: iter(sorted(rows, key=lambda row: (not 250 <= row.price_minor <= 4000, row.price_minor)))
        for handle, rows in offered.items()
    }
    if settings.STRIPE_SECRET_KEY:
        for seller in PAID:
            open_payout_account(people[seller])
    for name, story in _stories().items():
        buyer = people[story.buyer]
        trade = Trade.objects.filter(buyer=buyer, request_key=_key(name)).first() or trades.buy(
            listing=next(stock[story.seller]),
            quantity=1,
            ship_to=address_of(story.buyer),
            by=buyer,
            request_key=_key(name),
        )
        for step in story.steps:
            trade.hold.refresh_from_db()
            step(trade, people)
        yield name
    outbox.relay()
    escrow.settle_due()


def are_made() -> bool:
    """Whether the last story has been told to its end, and so every other."""
    last = _key(list(_stories())[-1])
    return Trade.objects.filter(buyer__email__endswith=f"@{DOMAIN}", request_key=last, closed_at__isnull=False).exists()


def _stories() -> dict[str, Story]:
    """Those that can be told: without a payment company nothing is paid."""
    unpaid = ("created", "cancelled")
    return _STORIES if settings.STRIPE_SECRET_KEY else {name: _STORIES[name] for name in unpaid}


def _key(name: str) -> str:
    return f"demo-{name}"


Step = Callable[[Trade, dict[str, User]], None]


@dataclass(frozen=True)
class Story:
    """Who buys from whom, and what the two do then."""

    buyer: str
    seller: str
    steps: tuple[Step, ...] = ()


def _when(state: HoldState) -> Callable[[Step], Step]:
    """The step is for a trade in this state; one that is past it, because a load was interrupted, is left alone."""

    def guarded(step: Step) -> Step:
        @wraps(step)
        def taken(trade: Trade, people: dict[str, User]) -> None:
            if trade.hold.state == state:
                step(trade, people)

        return taken

    return guarded


@_when(HoldState.CREATED)
def _cancel(trade: Trade, people: dict[str, User]) -> None:
    trades.cancel(trade=trade, by=trade.buyer, reason="Found one nearby.")


@_when(HoldState.CREATED)
def _pay(trade: Trade, people: dict[str, User]) -> None:
    trades.pay(trade=trade, by=trade.buyer, payment_method="pm_card_visa")


@_when(HoldState.CREATED)
def _decline(trade: Trade, people: dict[str, User]) -> None:
    if not trade.hold.payments.filter(state=Payment.State.FAILED).exists():
        trades.pay(trade=trade, by=trade.buyer, payment_method="pm_card_chargeDeclined")


@_when(HoldState.FUNDED)
@transaction.atomic
def _ship(trade: Trade, people: dict[str, User]) -> None:
    trades.say(trade=trade, by=trade.seller, body="Packed in a top loader between two boards. On its way today.")
    trades.ship(trade=trade, by=trade.seller, carrier="Parcel Post", tracking_number=f"PP{str(trade.pk)[-8:].upper()}")


@_when(HoldState.SHIPPED)
def _receive(trade: Trade, people: dict[str, User]) -> None:
    trades.confirm_delivery(trade=trade, by=trade.buyer)


@_when(HoldState.DELIVERED)
def _release(trade: Trade, people: dict[str, User]) -> None:
    trades.release(trade=trade, by=trade.buyer)


@_when(HoldState.RELEASED)
def _review(trade: Trade, people: dict[str, User]) -> None:
    outbox.relay()  # reviews open when the trade has followed its hold
    words = {trade.buyer: "Exactly as described, and quick.", trade.seller: "Paid at once."}
    for author, body in words.items():
        if not trade.reviews.filter(author=author).exists():
            trades.review(trade=trade, by=author, rating=5, body=body)


@_when(HoldState.DELIVERED)
def _dispute(trade: Trade, people: dict[str, User]) -> None:
    trades.open_dispute(
        trade=trade,
        by=trade.buyer,
        reason="not-as-described",
        statement="Sold as Near Mint, but two corners are white.",
    )


@_when(HoldState.DISPUTED)
def _answer(trade: Trade, people: dict[str, User]) -> None:
    case = trade.hold.disputes.latest("created_at")
    if case.state == Dispute.State.OPEN:
        escrow.answer_dispute(
            dispute=case, by=trade.seller, statement="The corners were fine when I packed it; see my photo."
        )


def _decided(outcome: str, share: int = 0) -> Step:
    @_when(HoldState.DISPUTED)
    def decide(trade: Trade, people: dict[str, User]) -> None:
        case = trade.hold.disputes.latest("created_at")
        refund = trade.hold.amount_minor * share // 100 if share else None
        words = {"split": "A fair discount for the wear.", "refund": "The photos show the wear."}[outcome]
        escrow.decide_dispute(
            dispute=case, by=people["moderator"], outcome=outcome, refund_minor=refund, decision=words
        )
        for side in (trade.buyer, trade.seller):
            escrow.accept_ruling(dispute=case, by=side)

    return decide


@_when(HoldState.FUNDED)
def _seller_cancels(trade: Trade, people: dict[str, User]) -> None:
    trades.cancel(trade=trade, by=trade.seller, reason="I cannot find the card any more, sorry.")


_ARRIVED = (_pay, _ship, _receive)
_CASE = (*_ARRIVED, _dispute, _answer)
_STORIES: dict[str, Story] = {
    "created": Story("buyer", "seller"),
    "cancelled": Story("trader", "seller", (_cancel,)),
    "declined": Story("buyer", "seller", (_decline,)),
    "funded": Story("buyer", "seller", (_pay,)),
    "funded-2": Story("trader", "seller", (_pay,)),
    "shipped": Story("trader", "lena", (_pay, _ship)),
    "shipped-2": Story("buyer", "seller", (_pay, _ship)),
    "delivered": Story("buyer", "seller", _ARRIVED),
    "disputed": Story("buyer", "seller", (*_ARRIVED, _dispute)),
    "answered": Story("buyer", "seller", _CASE),
    "released": Story("buyer", "seller", (*_ARRIVED, _release, _review)),
    "released-2": Story("trader", "lena", (*_ARRIVED, _release)),
    "refunded": Story("buyer", "seller", (_pay, _seller_cancels)),
    "decided-refund": Story("buyer", "seller", (*_CASE, _decided("refund"))),
    "split": Story("buyer", "seller", (*_CASE, _decided("split", 30))),
}
