"""What the demo's members have going on beside their trades: offers, a cart, an order, an import, new prices, reviews.

All made through the apps' own actions; what they wait for is in waiting.py, their swaps in swapping.py.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator

from django.conf import settings
from django.db import transaction

from apps.catalog.models import Variant
from apps.core import outbox
from apps.demo import swapping, waiting
from apps.demo.people import address_of
from apps.demo.waiting import People, open_listings
from apps.escrow.models import HoldState
from apps.inventory import actions as inventory
from apps.inventory.exchange import actions as exchange
from apps.inventory.exchange import work
from apps.listings import actions as listings
from apps.listings.cart import actions as carts
from apps.listings.cart.models import Cart
from apps.listings.cart.queries import contents
from apps.listings.destinations import HOME, WORLD
from apps.listings.offers import actions as offers
from apps.listings.selling import repricing
from apps.listings.selling.pricing import FAIR, PriceRule
from apps.listings.shipping import Rate, save_profile
from apps.trades import actions as trades
from apps.trades.checkout import actions as checkout
from apps.trades.checkout.models import Order
from apps.trades.models import Review, Trade
from apps.trades.reports import actions as reports
from apps.trades.reputation import reviews

_IMPORTED = "shoebox.csv"
_ORDER = "demo-order"


def make_dealings(people: People) -> Iterator[str]:
    """One after the other, each as a member would; yields what has been made. What is there already stays as it is."""
    for name, is_there, make in _DEALINGS:
        if not is_there(people):
            make(people)
            outbox.relay()
            yield name


def are_made(people: People) -> bool:
    """Whether the last has been made, and what is paid is paid. What members have taken away since is not missed."""
    return _has_reported(people) and _has_ordered(people) and swapping.are_there(people)


def _set_shipping(people: People) -> None:
    """Letters for what is light and cheap, boxes for the rest: rates by weight, value and tracking."""
    rates = (
        Rate(HOME, 99, up_to_grams=50, up_to_minor=2_000, is_tracked=False, days=4),
        Rate(HOME, 450, days=3),
        Rate("NAMERICA", 890, up_to_grams=500, days=8),
        Rate("EUROPE", 1_290, up_to_grams=500, days=10),
        Rate(WORLD, 2_400, up_to_grams=1_000, days=18),
    )
    save_profile(by=people["seller"], name="Letters and boxes", rates=rates)


@transaction.atomic
def _bargain(people: People) -> None:
    """One offer in every state: open, countered, agreed, declined; and one that the seller makes elsewhere."""
    seller, buyer, trader = people["seller"], people["buyer"], people["trader"]
    shelf = open_listings(seller)[:4]
    told = ((trader, 85, "Cash today?"), (buyer, 80, "For my Base Set binder."), (buyer, 92, ""), (buyer, 72, "A try."))
    made = [
        offers.make_offer(listing=listing, by=by, price_minor=listing.price_minor * percent // 100, message=words)
        for listing, (by, percent, words) in zip(shelf, told, strict=True)
    ]
    offers.counter(offer=made[1], by=seller, price_minor=shelf[1].price_minor * 90 // 100, message="Meet me here.")
    offers.accept(offer=made[2], by=seller)
    offers.decline(offer=made[3], by=seller)
    elsewhere = open_listings(people["lena"])[0]
    offers.make_offer(listing=elsewhere, by=seller, price_minor=elsewhere.price_minor * 88 // 100)


@transaction.atomic
def _fill_the_cart(people: People) -> None:
    """Of three sellers, one of whom sells for a little more what another sells too: fewer parcels cost less."""
    kenji = people["kenji"]
    chosen = [listing for handle in ("kenji", "lena", "oskar") for listing in open_listings(people[handle])[1:3]]
    for listing in chosen:
        if listing.seller == people["lena"] and not kenji.items.filter(variant=listing.item.variant).exists():
            copy = inventory.add_item(
                owner=kenji,
                variant=listing.item.variant,
                by=kenji,
                condition="NM",
                quantity=1,
                provenance={"from": "hand"},
            )
            listings.list_item(item=copy, quantity=1, price_minor=listing.price_minor + 25, by=kenji)
    lines = [carts.add(listing_id=listing.pk, quantity=1, by=people["buyer"]) for listing in chosen]
    carts.change(line=lines[-1], is_saved=True)


def _order(people: People) -> None:
    """The trader buys of two sellers at once: one order, two parcels, both paid."""
    trader = people["trader"]
    for handle in ("seller", "lena"):
        for listing in open_listings(people[handle])[-2:]:
            carts.add(listing_id=listing.pk, quantity=1, by=trader)
    shown = contents(carts.cart_of(owner=trader), country=trader.country)
    agreed = {
        (parcel.seller.pk, parcel.currency): parcel.total_minor
        for parcel in shown.parcels
        if parcel.total_minor is not None
    }
    order = Order.objects.filter(buyer=trader, request_key=_ORDER).first() or checkout.place_order(
        by=trader, ship_to=address_of("trader"), agreed=agreed, request_key=_ORDER
    )
    if settings.STRIPE_SECRET_KEY:
        checkout.pay(order=order, by=trader, payment_method="pm_card_visa")


def _has_ordered(people: People) -> bool:
    """Paid, too, where a payment company is there."""
    order = Order.objects.filter(buyer=people["trader"], request_key=_ORDER).first()
    unpaid = order is not None and order.parcels.filter(trade__hold__state=HoldState.CREATED).exists()
    return order is not None and not (unpaid and settings.STRIPE_SECRET_KEY)


def _import(people: People) -> None:
    """A file of another app, read to its report: most lines match, two wait for a hand."""
    seller = people["seller"]
    variants = Variant.objects.filter(is_default=True, product__category__path__startswith="trading-cards")
    known = variants.exclude(items__owner=seller).select_related("product__release").order_by("pk")[:6]
    told = io.StringIO()
    rows = csv.writer(told)
    rows.writerow(("Quantity", "Name", "Set Name", "Number", "Finish", "Condition", "Language", "Unit Cost"))
    for number, variant in enumerate(known):
        card = variant.product
        named = (card.name, card.release.name, card.number, variant.finish)
        rows.writerow((1 + number % 3, *named, "NM", "English", "1.50"))
    rows.writerow((1, "Pikatchu", "", "", "", "LP", "English", "0.50"))
    rows.writerow((2, "The one with the dragon", "Some set", "", "", "NM", "English", ""))
    file = io.BytesIO(told.getvalue().encode())
    origin = exchange.start_import(upload=file, file_name=_IMPORTED, by=seller, request_key="demo-import")
    if origin.state == origin.State.PREVIEW:
        exchange.read_import(origin=origin, by=seller, currency="USD")
    work.carry_on(import_id=origin.pk)


def _reprice(people: People) -> None:
    """A proposal that waits for a yes."""
    repricing.propose(by=people["seller"], rule=PriceRule(kind=FAIR, percent=97, floor_minor=50))


@transaction.atomic
def _say_how_it_went(people: People) -> None:
    """The seller answers a review; the trader has written one that nobody sees before the other side has."""
    answered = Review.objects.filter(subject=people["seller"], answer="").first()
    if answered is not None:
        reviews.answer(review=answered, by=people["seller"], text="Thank you! Come back for the holos.")
    for trade in _to_review(people):
        words = "Lovely foils. The sleeve was a little dusty."
        trades.review(trade=trade, by=people["trader"], rating=4, body=words, described=5, packing=4, speed=4)


def _to_review(people: People) -> list[Trade]:
    completed = Trade.objects.filter(buyer=people["trader"], state=Trade.State.COMPLETED)
    return list(completed.exclude(reviews__author=people["trader"]))


def _has_reported(people: People) -> bool:
    return "trader" in people and people["trader"].reports_made.exists()


def _report(people: People) -> None:
    listing = next(one for handle in ("oskar", "kenji", "lena") for one in open_listings(people[handle]))
    statement = "The text says sealed, and the box in the picture is open."
    reports.report(kind="listing", target_id=listing.pk, reason="other", by=people["trader"], statement=statement)


_Dealing = tuple[str, Callable[[People], bool], Callable[[People], None]]
_DEALINGS: tuple[_Dealing, ...] = (
    ("wants", lambda people: people["trader"].want_lists.exists(), waiting.want),
    ("alerts and searches", lambda people: people["seller"].alert_rules.exists(), waiting.wait),
    ("what was awaited", waiting.is_listed, waiting.list_what_is_awaited),
    ("shipping", lambda people: people["seller"].shipping_profiles.count() > 1, _set_shipping),
    ("offers", lambda people: people["buyer"].offers_to_buy.exists(), _bargain),
    ("swaps", swapping.are_there, swapping.make_swaps),
    ("an order", _has_ordered, _order),
    ("a cart", lambda people: Cart.objects.filter(owner=people["buyer"]).exists(), _fill_the_cart),
    ("an import", lambda people: people["seller"].imports.exclude(state__in=("preview", "reading")).exists(), _import),
    ("new prices", lambda people: people["seller"].repricings.exists(), _reprice),
    ("reviews", lambda people: not _to_review(people), _say_how_it_went),
    ("a report", _has_reported, _report),
)
