"""What can be put on the table for a swap, at which values, and how two piles weigh before they are proposed."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence

from django.db.models import F, Q, QuerySet

from apps.accounts.models import User
from apps.core.conditions import state_key
from apps.core.money import Money
from apps.inventory.models import InventoryItem
from apps.listings.queries import picture_of
from apps.listings.wants.models import Have
from apps.trades.swaps.fairness import Pile, Valued, balance, pile
from apps.trades.swaps.models import Swap
from apps.valuations.queries import Price, prices_for


def values_of(items: Sequence[InventoryItem], *, currency: str) -> dict[uuid.UUID, Price]:
    """The fair values of items in one currency, by item; one query."""
    prices = prices_for({item.variant_id for item in items})
    found = {
        item.pk: prices.get((item.variant_id, state_key(item.condition, item.grade_company, item.grade)))
        for item in items
    }
    return {
        pk: price for pk, price in found.items() if price and price.amount is not None and price.currency == currency
    }


def line_values(price: Price | None) -> dict[str, object]:
    """A price as the fields of a line."""
    if price is None:
        return {}

    def minor(amount: object) -> int:
        return Money.from_decimal(amount, price.currency).amount_minor

    return {
        "value_minor": minor(price.amount),
        "low_minor": minor(price.low),
        "high_minor": minor(price.high),
        "valued_at": price.as_of,
    }


def open_for_trade(*, owner: User, viewer: User) -> QuerySet[InventoryItem]:
    """What may be put on the table: all free copies of one's own, of another only what is marked for trade."""
    rows = InventoryItem.objects.filter(owner=owner, quantity__gt=F("reserved"))
    if owner.pk != viewer.pk:
        rows = rows.filter(pk__in=Have.objects.filter(owner=owner).values("item"))
    return _pictured(rows).order_by("variant__product__name", "pk")


def _pictured(rows: QuerySet[InventoryItem]) -> QuerySet[InventoryItem]:
    return rows.select_related("variant__product__release").annotate(image_name=picture_of("variant__product"))


def table_items(
    *,
    owner: User,
    viewer: User,
    find: str = "",
    keep: Iterable[uuid.UUID] = (),
    former: Swap | None = None,
    limit: int,
) -> list[InventoryItem]:
    """What a builder's pile shows: what is chosen, or was in the former proposal, first; then what is found by name."""
    rows = open_for_trade(owner=owner, viewer=viewer)
    allowed = Q(pk__in=rows.order_by().values("pk"))
    if former is not None:
        allowed |= Q(swap_lines__swap=former)
    chosen = InventoryItem.objects.filter(allowed, owner=owner, pk__in=list(keep)).distinct()
    kept = list(_pictured(chosen))
    if find.strip():
        rows = rows.filter(variant__product__name__icontains=find.strip())
    return [*kept, *rows.exclude(pk__in=[item.pk for item in kept])[:limit]]


def copies_on_table(swap: Swap) -> dict[uuid.UUID, int]:
    """The copies of a proposal by item, of both sides."""
    return {line.item_id: line.quantity for line in swap.lines.all()}


def copies_asked(asked: Mapping[str, str]) -> dict[uuid.UUID, int]:
    """The copies that an address names (`give-<item>=2`), as matches lead here; what is no item is left out."""
    found: dict[uuid.UUID, int] = {}
    for name, value in asked.items():
        pile_name, _, pk = name.partition("-")
        if pile_name in {"give", "between", "take"} and value.isdecimal() and len(value) < 6 and len(found) < 80:
            try:
                found[uuid.UUID(pk)] = int(value)
            except ValueError:
                continue
    return found


def shown_values(items: Sequence[InventoryItem]) -> dict[uuid.UUID, Price]:
    """The fair values that a builder shows beside the cards."""
    return values_of(items, currency="USD")


def weigh(
    *, mine: Sequence[InventoryItem], theirs: Sequence[InventoryItem], quantities: Mapping[uuid.UUID, int], cash: int
) -> dict[str, object]:
    """Two piles that are not proposed yet, at today's values: sums and balance as the member sees them."""
    values = values_of([*mine, *theirs], currency="USD")

    def sums(items: Sequence[InventoryItem]) -> Pile:
        chosen = [(item, quantities.get(item.pk, 0)) for item in items]
        lines = [(quantity, line_values(values.get(item.pk))) for item, quantity in chosen if quantity]
        return pile(Valued(n, v.get("value_minor"), v.get("low_minor"), v.get("high_minor")) for n, v in lines)

    gives, gets = sums(mine), sums(theirs)
    return {"gives": gives, "gets": gets, "cash": cash, "balance": balance(gives, gets, pays=cash)}
