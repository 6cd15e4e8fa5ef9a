"""What the demo's members wait for: wants, haves, kept searches, watched listings, alerts; and what is then listed for them.

All made through the apps' own actions. What somebody waits for is asked for first and listed afterwards, so that matches
and alerts are found as they always are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from urllib.parse import urlencode
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import QueryDict

from apps.accounts.models import User
from apps.alerts import actions as alerts
from apps.alerts.models import Kind, Period
from apps.core.money import Money
from apps.demo.market import CONDITION_FACTORS
from apps.inventory.models import InventoryItem
from apps.listings import actions as listings
from apps.listings.models import Listing
from apps.listings.search.asking import wanted_from
from apps.listings.search.saved import save_search
from apps.listings.wants import actions as wants
from apps.listings.watching import actions as watching
from apps.valuations.models import CurrentPrice

People = dict[str, User]
LATE = "Fresh from the binder."
"""What is listed last says so: it is not listed again."""
_ORDINARY_MINOR = (150, 9_000)
"""Neither bulk nor what nobody buys on a whim."""


def open_listings(seller: User) -> list[Listing]:
    """A seller's ordinary listings, the dearest first."""
    found = seller.listings.filter(state=Listing.State.ACTIVE, price_minor__range=_ORDINARY_MINOR)
    return list(found.select_related("item__variant").order_by("-price_minor", "pk"))


def unlisted(owner: User) -> QuerySet[InventoryItem]:
    """A member's ordinary copies that are not for sale, those that came first first."""
    free = owner.items.filter(listings__isnull=True, quantity__gt=0, reserved=0, grade_company="")
    return free.select_related("variant__product__release").order_by("created_at", "pk")


@transaction.atomic
def want(people: People) -> None:
    """Two lists of wants, with a line that may be several cards and one that is none; and what is for trade."""
    buyer, trader = people["buyer"], people["trader"]
    for handle in ("seller", "buyer", "trader"):
        for item in for_trade(people[handle]):
            wants.set_have(item=item, for_trade=True, by=people[handle])
    mine = wants.make_list(by=buyer, name="Missing from the binder", is_public=True)
    named = [_line(item) for item in [*_coming(people), *for_trade(trader)]]
    wants.add_lines(wanted=mine, text="\n".join([*named, "1 Pikachu", "1 That shiny one from school"]), by=buyer)
    deck = wants.make_list(by=trader, name="For the spring deck")
    looked_for = [_line(item) for item in for_trade(buyer)]
    looked_for += [_line(listing.item, 2) for listing in open_listings(people["lena"])[:3]]
    wants.add_lines(wanted=deck, text="\n".join(looked_for), by=trader)


def for_trade(owner: User) -> list[InventoryItem]:
    """The copies that a member would trade away."""
    return list(unlisted(owner)[:3])


def _coming(people: People) -> list[InventoryItem]:
    """Kenji's dearest ordinary copies that are not for sale: what others wait for."""
    items = list(unlisted(people["kenji"]))
    values = _values(item.variant_id for item in items)
    worth = [item for item in items if 2 <= values.get(item.variant_id, 0) <= 60]
    return sorted(worth, key=lambda item: (-values[item.variant_id], item.pk))[:3]


def _values(variants: Iterable[UUID]) -> dict[UUID, Decimal]:
    prices = CurrentPrice.objects.filter(condition="NM", variant__in=list(variants))
    return dict(prices.values_list("variant_id", "value"))


def _line(item: InventoryItem, copies: int = 1) -> str:
    product = item.variant.product
    return f"{copies} {product.name} [{product.release.abbreviation or product.release.code}] {product.number}"


@transaction.atomic
def wait(people: People) -> None:
    """Searches that are kept, listings that are watched, and alerts: some will be told of what comes next."""
    coming = _coming(people)
    named = urlencode({"q": coming[0].variant.product.name, "price_max": 150})
    searches = {"buyer": (named, "condition=NM&price_max=25"), "seller": ("sort=deal&price_max=10",)}
    for handle, asked in searches.items():
        member = people[handle]
        for question in asked:
            save_search(by=member, wanted=wanted_from(QueryDict(question), country=member.country))
    for handle, seller in (("buyer", "lena"), ("buyer", "seller"), ("trader", "seller"), ("seller", "kenji")):
        for listing in open_listings(people[seller])[-4:-2]:
            watching.watch(listing=listing, by=people[handle])
    _set_alerts(people["buyer"], coming)
    for handle in ("buyer", "seller"):
        alerts.set_rule(
            by=people[handle], kind=Kind.WORTH_MOVE, percent=Decimal(10), period=Period.MONTH, direction="either"
        )


def _set_alerts(owner: User, coming: Sequence[InventoryItem]) -> None:
    rules = ((Kind.DEAL, {"percent": Decimal(10)}), (Kind.OFFER, {}), (Kind.DROP, {"amount": Decimal(1)}))
    for item, (kind, said) in zip(coming, rules, strict=False):
        alerts.set_rule(by=owner, kind=kind, product=item.variant.product, **said)


@transaction.atomic
def list_what_is_awaited(people: People) -> None:
    """What others wait for comes up for sale under its value, and a watched listing becomes cheaper."""
    coming = _coming(people)
    values = _values(item.variant_id for item in coming)
    for item in coming:
        share = Decimal("0.74") * Decimal(str(CONDITION_FACTORS[item.condition]))
        price = max(Money.from_decimal(values[item.variant_id] * share).amount_minor, 50)
        listings.list_item(item=item, quantity=1, price_minor=price, by=people["kenji"], description=LATE)
    for listing in open_listings(people["lena"])[-4:-3]:
        listings.change_listing(listing=listing, by=people["lena"], price_minor=listing.price_minor * 9 // 10)


def is_listed(people: People) -> bool:
    """Whether what others wait for has come."""
    return people["kenji"].listings.filter(description=LATE).exists()
