"""Reads of market data: what a copy is worth and why, how its price went, what moved. Never writes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from apps.catalog import lookup
from apps.catalog.models import Variant
from apps.catalog.rows import ProductRow
from apps.core.conditions import Condition, GradeCompany, grade_of
from apps.valuations import charts
from apps.valuations.fair_value import Basis
from apps.valuations.freshness import freshness
from apps.valuations.history import PERIODS, History, history
from apps.valuations.models import CurrentPrice, Source

__all__ = ["PERIODS", "History", "Mover", "Price", "card_context", "history", "movers", "price_block", "prices_for"]

STALE_AFTER = dt.timedelta(days=45)


@dataclass(frozen=True)
class Price:
    """What one variant in one condition is worth, as pages show it. `amount` is None where nothing is known.

    percent: change of the market price in `span`; None where it is not known. extras: for apps above.
    """

    variant_id: UUID | None
    condition: str
    amount: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    currency: str = "USD"
    confidence: Decimal | None = None
    sample_size: int = 0
    method: str = ""
    as_of: dt.datetime | None = None
    market: Decimal | None = None
    market_low: Decimal | None = None
    market_high: Decimal | None = None
    change: Decimal | None = None
    percent: Decimal | None = None
    span: str = "30 days"
    all_time_low: Decimal | None = None
    all_time_high: Decimal | None = None
    basis: Basis = field(default_factory=Basis)

    @property
    def estimate(self) -> bool:
        """Whether it rests on asking prices alone."""
        return self.method == CurrentPrice.Method.ASKS

    @property
    def stale(self) -> bool:
        """Whether its newest input is old."""
        return self.as_of is not None and timezone.now() - self.as_of > STALE_AFTER

    @property
    def converted(self) -> bool:
        """Whether all of it was worked out from other conditions or grades."""
        return self.sample_size > 0 and self.basis.converted >= self.sample_size

    @property
    def evidence(self) -> str:
        """How many of what it rests on: "15 sales, 5 quotes". Empty where nothing is known."""
        counted = ((self.basis.sales, "sale"), (self.basis.quotes, "quote"), (self.basis.asks, "ask"))
        return ", ".join(f"{count} {what}{'' if count == 1 else 's'}" for count, what in counted if count)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the figure is what it is, in sentences."""
        return self.basis.reasons() if self.amount is not None and self.basis.half_life else ()


def _price(row: CurrentPrice) -> Price:
    return Price(
        variant_id=row.variant_id,
        condition=row.condition,
        amount=row.value,
        low=row.low,
        high=row.high,
        currency=row.currency,
        confidence=row.confidence,
        sample_size=row.sample_size,
        method=row.method,
        as_of=row.observed_at,
        market=row.market_price,
        market_low=row.low_price,
        market_high=row.high_price,
        change=row.change_30d,
        percent=percent_of(row.market_price, row.change_30d),
        all_time_low=row.all_time_low,
        all_time_high=row.all_time_high,
        basis=Basis(**row.basis),
    )


def percent_of(now: Decimal | None, change: Decimal | None) -> Decimal | None:
    """A change in percent of what it was before, to a tenth; None where that is not known."""
    if now is None or change is None or now - change <= 0:
        return None
    return (change / (now - change) * 100).quantize(Decimal("0.1"))


def price_block(variant_id: UUID, condition: str = Condition.NM) -> Price:
    """The price of one variant in one condition; one query."""
    return prices_for([variant_id]).get((variant_id, condition)) or Price(variant_id, condition)


def prices_for(variant_ids: Iterable[UUID]) -> dict[tuple[UUID, str], Price]:
    """The known prices of many variants by (variant id, condition); one query. A variant has all conditions or none.

    Of grades it has those that are known.
    """
    return {
        (row.variant_id, row.condition): _price(row)
        for row in CurrentPrice.objects.filter(variant_id__in=set(variant_ids))
    }


def near_mint_prices(variant_ids: Iterable[UUID]) -> dict[UUID, Price]:
    """The Near Mint prices of many variants by variant id; one query."""
    rows = CurrentPrice.objects.filter(variant_id__in=set(variant_ids), condition=Condition.NM)
    return {row.variant_id: _price(row) for row in rows}


def attach_prices(rows: Sequence[ProductRow]) -> None:
    """Put `price` (Near Mint, of the printing shown) on rows of search results; one query."""
    prices = near_mint_prices(row.variant_id for row in rows if row.variant_id)
    for row in rows:
        row.extras["price"] = prices.get(row.variant_id) if row.variant_id else None


def cards_by_id(ids: Sequence[UUID], tcgplayer_ids: Sequence[int]) -> list[ProductRow]:
    """Cards by our ids, then by TCGplayer's (which stands in `extras`), each with its price; three queries.

    In the order of what was asked; what is not there is left out.
    """
    theirs = lookup.ids_known_elsewhere("tcgplayer", [str(each) for each in tcgplayer_ids]) if tcgplayer_ids else {}
    wanted = [
        *((pk, None) for pk in ids),
        *((theirs[str(each)], each) for each in tcgplayer_ids if str(each) in theirs),
    ]
    known = lookup.products_by_id([pk for pk, _ in wanted])
    rows = [replace(known[pk], extras={"tcgplayer_id": asked}) for pk, asked in wanted if pk in known]
    attach_prices(rows)
    return rows


def card_context(
    variant: Variant | None, condition: str = Condition.NM, *, period: str = "1y", source: str = ""
) -> dict[str, Any]:
    """What the price part of a card page shows, in two queries: price, prices by condition and grade, chart, recent sales.

    source: whose prices chart and sales show; all where it is none of those that know this printing.
    """
    period = period if period in PERIODS else "1y"
    context: dict[str, Any] = {"period": period, "periods": charts.PERIOD_CHOICES, "sources_down": freshness().down}
    if variant is None:
        return context | {
            "price": None,
            "prices": [],
            "grades": [],
            "chart": None,
            "recent_sales": [],
            "sources": [],
            "source": "",
        }
    prices = prices_for([variant.pk])
    price = prices.get((variant.pk, condition)) or Price(variant.pk, condition)
    told = history(variant.pk, period="all", condition=condition, currency=price.currency if price.amount else "")
    known = {point.source: point.source_name for point in told.points}
    source = source if source in known else ""
    interval = None
    if price.low is not None and price.high is not None and price.as_of is not None and not price.stale:
        interval = charts.Interval(price.low, price.high, price.as_of.date())
    if source:
        points = tuple(point for point in told.points if point.source == source)
        told = replace(told, points=points, sales=tuple(sale for sale in told.sales if sale.source == source))
    return context | {
        "price": price,
        "prices": [prices.get((variant.pk, each)) or Price(variant.pk, each) for each in Condition.values],
        "grades": grades_of(prices.values()),
        "chart": charts.price_chart(told, period=period, interval=interval),
        "recent_sales": told.sales[:10],
        "sources": sorted(known.items(), key=lambda each: each[1]),
        "source": source,
    }


def grades_of(prices: Iterable[Price]) -> list[Price]:
    """Those of graded copies, by grader and the best first; those whose grader is not told come last."""
    known = [(grade_of(price.condition), price) for price in prices]
    order = [*GradeCompany.values, ""]
    graded = [(order.index(found[0]), -found[1], price) for found, price in known if found is not None]
    return [price for _, _, price in sorted(graded, key=itemgetter(0, 1))]


def graded_prices(variant_id: UUID) -> list[Price]:
    """What graded copies of one printing are worth, as `grades_of` orders them; one query."""
    return grades_of(prices_for([variant_id]).values())


def source_slugs() -> list[str]:
    """The short names of all sources, by name; one query."""
    return list(Source.objects.order_by("slug").values_list("slug", flat=True))


def sources() -> list[Source]:
    """All sources, the most trusted first; one query."""
    return list(Source.objects.order_by("-reliability", "slug"))


@dataclass(frozen=True)
class Mover:
    """A product whose market price moved. percent: of the earlier price; previous and value in `currency`.

    set_code: as printed on the cards where it is known, else release_code.
    """

    product_id: UUID
    variant_id: UUID
    name: str
    number: str
    release_name: str
    release_code: str
    game: str
    image_name: str
    image_source: str
    value: Decimal
    previous: Decimal
    change: Decimal
    percent: Decimal
    currency: str
    sample_size: int
    set_code: str


# What moved, one row a printing; out of the index of Near Mint prices alone.
_MOVED = """cp.condition = 'NM' and cp.{change} <> 0 and cp.market_price >= %(least)s and cp.market_price > cp.{change}
    and cp.confidence >= %(confidence)s and cp.observed_at >= %(since)s"""
_OF_GAME = """and cp.variant_id in (
    select g.id from catalog_variant g join catalog_product p on p.id = g.product_id
    join catalog_category c on c.id = p.category_id
    where c.game = %(game)s or c.path = %(game)s)"""
# Of a product the printing that moved most stands for it. Names are joined to the few that are told, so more of them are
# looked at than are asked for (`most`): printings that another one stands for fall out.
_MOVERS = """
select p.id, v.id, p.name, p.number, r.name, r.code, c.game, coalesce(i.file, ''),
       coalesce(i.source_url, ''), m.market_price, m.market_price - m.{change}, m.{change},
       round(m.part * 100, 1), m.currency, m.sample_size, coalesce(nullif(r.abbreviation, ''), r.code), m.looked_at
from (select *, count(*) over () as looked_at from (select * from (
          select cp.variant_id, cp.market_price, cp.{change}, cp.currency, cp.sample_size,
                 cp.{change} / nullif(cp.market_price - cp.{change}, 0) as part
          from valuations_currentprice cp where {moved} {of_game}) m
      where {side} order by {order}, m.variant_id limit %(most)s) m) m
join catalog_variant v on v.id = m.variant_id join catalog_product p on p.id = v.product_id
join catalog_release r on r.id = p.release_id join catalog_category c on c.id = p.category_id
left join catalog_productimage i on i.product_id = p.id and i.is_primary
where not exists (
    select from catalog_variant o join valuations_currentprice cp on cp.variant_id = o.id
    cross join lateral (select abs(cp.{change} / nullif(cp.market_price - cp.{change}, 0)) as part) t
    where o.product_id = v.product_id and o.id <> v.id and {moved}
      and (t.part > abs(m.part) or t.part = abs(m.part) and o.id < v.id))
order by {order}, p.id limit %(limit)s
"""
_LOOKED_AT = 8
"""How many printings are looked at for each mover that is asked for."""
CHANGES = {"24h": "change_1d", "7d": "change_7d", "30d": "change_30d"}
_SIDES = {
    "both": ("true", "abs(m.part) desc"),
    "gainers": ("m.part > 0", "m.part desc"),
    "losers": ("m.part < 0", "m.part"),
    "active": ("true", "m.sample_size desc, abs(m.{change}) desc"),
}


def movers(
    *, limit: int = 8, period: str = "7d", side: str = "both", game: str = "", least: Decimal = Decimal(1)
) -> list[Mover]:
    """Products whose market price moved most in a period ("24h", "7d", "30d"), one printing of each; one query, seldom two.

    side: "both", "gainers", "losers", or "active" for those with the most sales and quotes. Prices under `least` and
    figures of low confidence are left out: a cent more on a cent is no news, and neither is a price of long ago.
    """
    change = CHANGES[period]
    condition, order = (text.format(change=change) for text in _SIDES[side])
    moved, of_game = _MOVED.format(change=change), _OF_GAME if game else ""
    sql = _MOVERS.format(change=change, side=condition, order=order, moved=moved, of_game=of_game)
    parameters = {
        "limit": limit,
        "most": limit * _LOOKED_AT,
        "game": game,
        "least": least,
        "confidence": Decimal("0.15"),
        "since": timezone.now() - STALE_AFTER,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows = cursor.fetchall()
        if len(rows) < limit and (not rows or rows[0][-1] == parameters["most"]):
            # Cards of very many printings hide the rest.
            cursor.execute(sql, parameters | {"most": None})
            rows = cursor.fetchall()
        return [Mover(*row[:-1]) for row in rows]


@dataclass(frozen=True)
class SetWorth:
    """What one of each card of a set costs: Near Mint, ordinary printing. value is None where no card has a price.

    priced: cards that the value counts; those priced in another currency than most are left out.
    """

    value: Decimal | None = None
    currency: str = "USD"
    priced: int = 0
    as_of: dt.datetime | None = None

    @property
    def words(self) -> str:
        """What it counts."""
        return f"one each of {self.priced} priced card{'' if self.priced == 1 else 's'}, Near Mint"


_SET_WORTH = """
select distinct on (p.release_id) p.release_id, sum(cp.value), cp.currency, count(*), max(cp.observed_at)
from catalog_product p join catalog_variant v on v.product_id = p.id and v.is_default
join valuations_currentprice cp on cp.variant_id = v.id and cp.condition = 'NM'
where p.release_id = any(%(ids)s::uuid[]) group by p.release_id, cp.currency
order by p.release_id, count(*) desc, cp.currency
"""


def set_worths(release_ids: Iterable[UUID]) -> dict[UUID, SetWorth]:
    """What sets are worth, by release id, for those that have prices; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_SET_WORTH, {"ids": list(release_ids)})
        return {row[0]: SetWorth(*row[1:]) for row in cursor.fetchall()}
