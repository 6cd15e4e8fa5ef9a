"""Reads of what a seller has to ship: the orders with their due times, and one pick list that walks the shelves once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings
from django.db.models import CharField, Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import Cast, Right
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog.models import Product
from apps.core.errors import InvalidInput, NotFound
from apps.core.lists import Position
from apps.core.pagination import Page, Place, Stretch
from apps.escrow.models import HoldState
from apps.inventory.models import Binder, InventoryItem
from apps.listings.queries import picture_of
from apps.trades.models import Trade, TradeLine

MOST_AT_ONCE = 300
"""Orders on one pick list or in one PDF."""
SOON = dt.timedelta(hours=48)
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True)
class Asked:
    """Which orders: `due` is late, soon or empty; `to` is home, abroad or empty; text is of buyer, card or number."""

    due: str = ""
    to: str = ""
    tracking: bool = False
    binder: UUID | None = None
    text: str = ""


@dataclass(frozen=True)
class Order:
    """A trade as its seller ships it."""

    trade: Trade
    ship_by: dt.datetime
    late_by: dt.timedelta
    needs_tracking: bool

    @property
    def number(self) -> str:
        """What both sides call it."""
        return number_of(self.trade.pk)

    @property
    def is_late(self) -> bool:
        """Whether the buyer may cancel already."""
        return self.late_by > dt.timedelta()

    @property
    def place(self) -> Position:
        """Where it stands in the list."""
        return self.trade.hold.funded_at.isoformat(), str(self.trade.pk)

    @property
    def late_words(self) -> str:
        """How late, in whole days, or hours on the first."""
        days, hours = self.late_by.days, self.late_by.seconds // 3600
        figure, unit = (days, "day") if days else (max(hours, 1), "hour")
        return f"{figure} {unit}{'' if figure == 1 else 's'} late"

    @property
    def copies(self) -> int:
        """How many cards the parcel holds."""
        return sum(line.quantity for line in self.trade.lines.all())

    @property
    def weekday(self) -> str:
        """The day by which it leaves."""
        return f"{self.ship_by:%A}"


@dataclass
class Pick:
    """Copies of one item to take from its place, and for which orders."""

    item: InventoryItem
    condition: str
    image: str
    quantity: int = 0
    orders: list[tuple[str, int]] = field(default_factory=list)

    @property
    def product(self) -> Product:
        """What it is."""
        return self.item.variant.product

    @property
    def binder(self) -> str:
        """Where it lies; empty where its owner has not said."""
        return self.item.binder.name if self.item.binder else ""


def number_of(pk: UUID) -> str:
    """An order's number: the last eight digits of its key, which are random, in two groups."""
    last = pk.hex[-8:].upper()
    return f"{last[:4]}-{last[4:]}"


def ship_by(funded_at: dt.datetime) -> dt.datetime:
    """Until when a paid order leaves; from then on the buyer may cancel."""
    deadline: dt.timedelta = settings.TRADE_DEADLINES["ship"]
    return funded_at + deadline


def paid_unshipped(*, seller: User) -> QuerySet[Trade]:
    """The seller's paid trades whose parcel has not left."""
    return Trade.objects.filter(
        seller=seller, state=Trade.State.OPEN, hold__state=HoldState.FUNDED, hold__checked_since=None
    )


def _lines() -> Prefetch:
    return Prefetch(
        "lines",
        TradeLine.objects.select_related("item__variant__product__release", "item__binder")
        .annotate(image_name=picture_of("item__variant__product"))
        .order_by("pk"),
    )


def _complete(rows: QuerySet[Trade]) -> QuerySet[Trade]:
    tracked = TradeLine.objects.filter(trade=OuterRef("pk"), listing__shipping__is_tracked=True)
    return (
        rows.select_related("hold", "buyer", "seller")
        .prefetch_related(_lines())
        .annotate(needs_tracking=Exists(tracked))
        .order_by("hold__funded_at", "pk")
    )


def _sent_to(text: str, rows: QuerySet[Trade]) -> list[UUID]:
    """Which go to somebody of that name. Names lie encrypted: those of waiting orders are opened here."""
    wanted = text.casefold()
    addresses = rows.order_by().values_list("pk", "ship_to")
    return [pk for pk, address in addresses if wanted in address.get("name", "").casefold()]


def _matching(*, seller: User, asked: Asked, now: dt.datetime) -> QuerySet[Trade]:
    rows = paid_unshipped(seller=seller)
    deadline = settings.TRADE_DEADLINES["ship"]
    if asked.due == "late":
        rows = rows.filter(hold__funded_at__lt=now - deadline)
    elif asked.due == "soon":
        rows = rows.filter(hold__funded_at__lt=now - deadline + SOON)
    if asked.to == "home":
        rows = rows.filter(ship_to__country=seller.country)
    elif asked.to == "abroad":
        rows = rows.exclude(ship_to__country=seller.country)
    lines = TradeLine.objects.filter(trade=OuterRef("pk"))
    if asked.tracking:
        rows = rows.filter(Exists(lines.filter(listing__shipping__is_tracked=True)))
    if asked.binder:
        rows = rows.filter(Exists(lines.filter(item__binder=asked.binder)))
    if text := asked.text.strip():
        rows = _with_number(rows).filter(
            Q(last_digits=plain_number(text))
            | Q(Exists(lines.filter(item__variant__product__name__icontains=text)))
            | Q(buyer__display_name__icontains=text)
            | Q(pk__in=_sent_to(text, rows))
        )
    return rows


def _order(trade: Trade, now: dt.datetime) -> Order:
    due = ship_by(trade.hold.funded_at)
    return Order(trade, due, max(now - due, dt.timedelta()), trade.needs_tracking)


def to_ship(
    *,
    seller: User,
    asked: Asked,
    limit: int = 50,
    offset: int = 0,
    after: Place | None = None,
    now: dt.datetime | None = None,
) -> Page[Order]:
    """Paid orders that wait for their parcel, the most urgent first: by offset, or those that follow a place.

    Three queries, and two where they follow a place: those are not counted; one more where a text is looked for.
    """
    now = now or timezone.now()
    rows = _matching(seller=seller, asked=asked, now=now)
    if after is not None:
        at, key = after
        following = _complete(rows).filter(hold__funded_at__gte=at).exclude(hold__funded_at=at, pk__lte=key)
        found = [_order(trade, now) for trade in following[: limit + 1]]
        return Stretch(found[:limit], 0, limit, 0, follows=len(found) > limit)
    found = [_order(trade, now) for trade in _complete(rows)[offset : offset + limit]]
    return Page(found, rows.order_by().count(), limit, offset)


def counts(*, seller: User, now: dt.datetime | None = None) -> dict[str, int]:
    """How many wait in all, how many are late, how many are due soon or late."""
    now = now or timezone.now()
    since = now - settings.TRADE_DEADLINES["ship"]
    return paid_unshipped(seller=seller).aggregate(
        waiting=Count("pk"),
        late=Count("pk", filter=Q(hold__funded_at__lt=since)),
        soon=Count("pk", filter=Q(hold__funded_at__lt=since + SOON)),
    )


def binders(*, seller: User) -> QuerySet[Binder]:
    """Places that a filter can name."""
    return Binder.objects.filter(owner=seller).order_by("name")


def chosen(
    *, seller: User, ids: Sequence[UUID], asked: Asked | None = None, now: dt.datetime | None = None
) -> list[Order]:
    """The orders named by their trades' ids, shipped ones too; without any, all that wait and match. Most urgent first.

    Raises NotFound (one of them is not the seller's, or was never paid), InvalidInput (too many at once).
    """
    now = now or timezone.now()
    wanted = set(ids)
    if wanted:
        rows = Trade.objects.filter(
            seller=seller, pk__in=wanted, hold__funded_at__isnull=False, hold__checked_since=None
        )
    else:
        rows = _matching(seller=seller, asked=asked or Asked(), now=now)
    found = list(_complete(rows)[: MOST_AT_ONCE + 1])
    if len(found) > MOST_AT_ONCE:
        raise InvalidInput(f"Choose at most {MOST_AT_ONCE} orders at once.", field="order", most=MOST_AT_ONCE)
    if wanted and len(found) != len(wanted):
        raise NotFound("One of these orders is not yours, or is not paid.")
    return [_order(trade, now) for trade in found]


def pick_list(orders: Iterable[Order]) -> list[Pick]:
    """What to take, in the order of the shelves: by binder, set and number, each item once for all orders."""
    picks: dict[tuple[UUID, str], Pick] = {}
    for order in orders:
        for line in order.trade.lines.all():
            pick = picks.setdefault(
                (line.item_id, line.condition_label), Pick(line.item, line.condition_label, line.image_name)
            )
            pick.quantity += line.quantity
            pick.orders.append((order.number, line.quantity))
    return sorted(picks.values(), key=_place)


def _place(pick: Pick) -> tuple[object, ...]:
    """Where an item stands: binders by name, what lies in none at the end."""
    product = pick.product
    return (
        not pick.binder, pick.binder.casefold(), product.release.name.casefold(), product.number_sort, product.number,
        product.name.casefold(), pick.item.variant.finish, pick.condition, pick.item.pk,
    )  # fmt: skip


def by_number(*, seller: User, numbers: Iterable[str]) -> dict[str, list[Trade]]:
    """The seller's paid trades by the numbers asked for (as `plain_number` writes them); one query.

    A number that two trades share has both: the one that asks must say so.
    """
    asked = set(numbers)
    if not asked:
        return {}
    whole = [UUID(text) for text in asked if len(text) == 32 and not set(text) - _HEX]
    rows = (
        _with_number(Trade.objects.filter(seller=seller, hold__funded_at__isnull=False, hold__checked_since=None))
        .filter(Q(last_digits__in=asked) | Q(pk__in=whole))
        .select_related("hold")
        .prefetch_related("shipments")
    )
    found: dict[str, list[Trade]] = {}
    for trade in rows:
        for key in keys_of(trade.pk) & asked:
            found.setdefault(key, []).append(trade)
    return found


def _with_number(rows: QuerySet[Trade]) -> QuerySet[Trade]:
    return rows.annotate(last_digits=Right(Cast("pk", CharField()), 8))


def keys_of(pk: UUID) -> set[str]:
    """Under what a trade is found: its number, and its whole key."""
    return {pk.hex[-8:], pk.hex}


def plain_number(text: str) -> str:
    """A number as compared: small letters and digits alone."""
    return "".join(each for each in text.lower() if each.isascii() and each.isalnum())
