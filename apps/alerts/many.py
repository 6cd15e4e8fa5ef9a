"""Alerts about many cards at once: which cards (typed line by line, a set, what somebody has), and what to be told of each.

Every line has an outcome of its own: its rule, or what stands in its way. None is lost.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal

from django.db.models import Exists, OuterRef

from apps.accounts.models import User
from apps.alerts.actions import Wanted, set_rules
from apps.alerts.crossing import CENT
from apps.alerts.models import LINES, Kind, Rule
from apps.alerts.words import card_name
from apps.catalog.models import Product, Variant
from apps.catalog.rows import ProductRow
from apps.catalog.search.results import search_products
from apps.core.conditions import Condition
from apps.core.errors import DomainError, InvalidInput, NotFound
from apps.inventory.models import InventoryItem
from apps.valuations.models import CurrentPrice

MOST_LINES = 300
MOST_TYPED = 100
"""Typed lines are searched for one by one."""
_OWN_AMOUNT = re.compile(r"^(.*?\S)\s*(?:[;@\t]|[<>]=?)\s*\$?\s*(\d[\d,]{0,12}(?:\.\d{1,2})?)$")


@dataclass(frozen=True)
class Line:
    """One card to be told of, as it was named. amount: of this line alone. In the end it has a rule or an error."""

    number: int
    told: str
    product: Product | None = None
    variant: Variant | None = None
    amount: Decimal | None = None
    rule: Rule | None = None
    error: DomainError | None = None


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What to be told of, for every line alike. away: for prices that are crossed, so many percent from the price of now."""

    kind: str
    condition: str | None = None
    amount: Decimal | None = None
    away: Decimal | None = None
    percent: Decimal | None = None
    period: str = ""
    direction: str = ""
    comparison: str = ""
    currency: str = "USD"
    cool_down_hours: int | None = None
    is_on: bool = True


# -- which cards ----------------------------------------------------------------------------------------------------------
def typed(text: str) -> list[Line]:
    """The card of each line that is not empty: name, number, set as in the search; an amount behind ; or @ is its own.

    Raises InvalidInput where there are none or too many.
    """
    lines = [line.strip() for line in text.replace("\0", " ").splitlines() if line.strip()]
    if not 1 <= len(lines) <= MOST_TYPED:
        raise InvalidInput(f"Type one card to a line, 1 to {MOST_TYPED} of them.", field="text")
    found = [_found(number, line) for number, line in enumerate(lines, 1)]
    variants = Variant.objects.select_related("product__release").in_bulk(
        [line.variant for line in found if line.variant is not None]
    )
    return [
        replace(line, variant=variants[line.variant], product=variants[line.variant].product)  # type: ignore[index]
        if line.variant is not None
        else line
        for line in found
    ]


def _found(number: int, line: str) -> Line:
    """A line with the key of its printing in place of the printing, or with its error."""
    own = _OWN_AMOUNT.match(line)
    text, amount = (own[1], Decimal(own[2].replace(",", ""))) if own else (line, None)
    made = Line(number, line, amount=amount)
    result = search_products(text=text, limit=5, facets=False)
    rows = list(result.page.rows)
    named = [row for row in rows if row.name.casefold() == text.casefold()]
    if not rows or result.understood.is_loose or result.understood.unknown:
        return replace(made, error=NotFound("No card of the catalogue fits these words."))
    if result.page.total > 1 and len(named) != 1:
        names = ", ".join(_in_words(row) for row in rows[:3])
        more = f" and {result.page.total - 3} more" if result.page.total > 3 else ""
        return replace(
            made, error=InvalidInput(f"Several cards fit: {names}{more}. Add the number or the set.", field="text")
        )
    row = named[0] if len(named) == 1 else rows[0]
    if row.variant_id is None:
        return replace(made, error=NotFound("No printing of this card is known yet."))
    return replace(made, variant=row.variant_id)  # type: ignore[arg-type]


def _in_words(row: ProductRow) -> str:
    return f"{card_name(row.name, row.number, None)} ({row.release_name})"


def of_set(release_id: uuid.UUID, *, missing_for: User | None = None) -> list[Line]:
    """The cards of a set by number, in their ordinary printing; with a member only those that they lack.

    Raises InvalidInput where there are none or too many.
    """
    rows = Variant.objects.filter(product__release=release_id, is_default=True)
    if missing_for is not None:
        owned = InventoryItem.objects.filter(owner=missing_for, quantity__gt=0, variant__product=OuterRef("product"))
        rows = rows.exclude(Exists(owned))
    return _lines(rows.order_by("product__number_sort", "product__number", "pk"))


def of_inventory(owner: User) -> list[Line]:
    """The printings that somebody has, by name. Raises InvalidInput where there are none or too many."""
    held = InventoryItem.objects.filter(owner=owner, quantity__gt=0).values("variant")
    return _lines(Variant.objects.filter(pk__in=held).order_by("product__name", "product__number", "pk"))


def of_cards(ids: Sequence[uuid.UUID]) -> list[Line]:
    """These cards in their ordinary printing, in the order of their ids. Raises InvalidInput on too many."""
    if not 1 <= len(ids) <= MOST_LINES:
        raise _too_many(len(ids))
    found = {
        variant.product_id: variant
        for variant in Variant.objects.filter(product__in=ids, is_default=True).select_related("product__release")
    }
    return [
        Line(number, _name(found[pk]), found[pk].product, found[pk])
        if pk in found
        else Line(number, str(pk), error=NotFound("There is no such card."))
        for number, pk in enumerate(ids, 1)
    ]


def _lines(rows: object) -> list[Line]:
    found: list[Variant] = list(rows.select_related("product__release")[: MOST_LINES + 1])  # type: ignore[attr-defined]
    if not 1 <= len(found) <= MOST_LINES:
        raise _too_many(len(found))
    return [Line(number, _name(each), each.product, each) for number, each in enumerate(found, 1)]


def _too_many(count: int) -> InvalidInput:
    what = "There is no card to be told of here." if not count else f"These are more than {MOST_LINES} cards at once."
    return InvalidInput(what, field="cards")


def _name(variant: Variant) -> str:
    product = variant.product
    return card_name(product.name, product.number, product.release.total_cards)


# -- what to be told of ---------------------------------------------------------------------------------------------------
def set_for_all(*, by: User, lines: Sequence[Line], terms: Terms) -> list[Line]:
    """Set one alert for each line; each comes back with its rule or its error. One set of queries for all of them."""
    prices = _prices(lines, terms) if terms.kind in LINES and terms.away is not None else {}
    ready: list[Line] = []
    wanted: list[Wanted] = []
    for line in lines:
        if line.error is None:
            try:
                wanted.append(_wanted(line, terms, prices))
            except DomainError as error:
                line = replace(line, error=error)
        ready.append(line)
    outcomes = iter(set_rules(by=by, wanted=wanted))
    return [line if line.error is not None else with_outcome(line, next(outcomes)) for line in ready]


def with_outcome(line: Line, outcome: Rule | DomainError) -> Line:
    """The line with what became of it."""
    return replace(line, error=outcome) if isinstance(outcome, DomainError) else replace(line, rule=outcome)


def _prices(lines: Sequence[Line], terms: Terms) -> dict[object, Decimal]:
    rows = CurrentPrice.objects.filter(
        variant__in=[line.variant for line in lines if line.variant is not None],
        condition=terms.condition or Condition.NM,
        currency=terms.currency,
    )
    return dict(rows.values_list("variant", "value"))


def _wanted(line: Line, terms: Terms, prices: dict[object, Decimal]) -> Wanted:
    """The alert of one line. Raises InvalidInput where its amount cannot be reckoned."""
    fields = dict(terms.__dict__)
    away = fields.pop("away")
    if terms.kind in (*LINES, Kind.OFFER) and line.amount is not None:
        fields["amount"] = line.amount
    elif terms.kind in LINES and away is not None:
        price = prices.get(line.variant.pk) if line.variant else None
        if price is None:
            raise InvalidInput("No price of it is known yet from which to reckon: name an amount.", field="amount")
        share = 1 - away / 100 if terms.kind == Kind.DROP else 1 + away / 100
        fields["amount"] = max((price * share).quantize(CENT, ROUND_HALF_EVEN), CENT)
    return Wanted(product=line.product, variant=line.variant, **fields)
