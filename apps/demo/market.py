"""The demo's market: prices that our own generator makes, as weekly quotes and single sales, repeatable by their seed.

A card's level follows its rarity and finish; over time it decays after release, swings with the season (collectors buy
before December), wanders at random and is shaken a few times. Sales scatter around it by condition.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from apps.catalog.models import Variant
from apps.core.conditions import Condition
from apps.core.ids import uuid7
from apps.valuations.importers.loader import load
from apps.valuations.importers.rows import Lookup, QuoteRow
from apps.valuations.models import Sale, Source

WEEKS = 78
SALES_DAYS = 180
# Typical share of Near Mint that worse copies fetch.
CONDITION_FACTORS = {"NM": 1.0, "LP": 0.82, "MP": 0.63, "HP": 0.45, "DMG": 0.3}
_LEVELS = (
    ("secret", 45.0), ("alternate", 60.0), ("special", 30.0), ("hyper", 25.0), ("leader", 6.0), ("ultra", 18.0),
    ("mythic", 22.0), ("super", 7.0), ("holo", 16.0), ("double rare", 6.0), ("rare", 4.0), ("uncommon", 0.9),
    ("common", 0.45),
)  # fmt: skip
_FINISHES = {"foil": 1.8, "holofoil": 1.3, "reverse-holofoil": 1.2, "first-edition": 3.5, "first-edition-holofoil": 5.0}


@dataclass(frozen=True)
class Course:
    """Weekly Near Mint prices of one printing, oldest first; the last one is this week's."""

    variant_id: str
    identity: str
    prices: NDArray[np.float64]


def _random(*words: object) -> np.random.Generator:
    digest = hashlib.sha256("|".join(map(str, words)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))


def course_of(variant: Variant) -> Course:
    """The printing's own course; the same identity always has the same one."""
    product = variant.product
    identity = (product.category.path, product.release.code, product.number, variant.finish, variant.language)
    random = _random(*identity)
    rarity = product.rarity.lower()
    level = next((price for word, price in _LEVELS if word in rarity), 2.0)
    retail = (product.attributes or {}).get("retail_price")
    if retail:
        level = float(retail) * 1.15
    age = (dt.date(2026, 1, 1) - (product.release.released_on or dt.date(2020, 1, 1))).days / 365
    level *= _FINISHES.get(variant.finish, 1.0) * random.lognormal(0, 0.7) * (1 + min(age, 25) * 0.12)
    weeks = np.arange(WEEKS)
    wander = np.cumsum(random.normal(0.0008, 0.018, WEEKS))
    season = 0.05 * np.sin((weeks - WEEKS + 2) / 52 * 2 * np.pi)
    shocks = np.zeros(WEEKS)
    for at in random.integers(4, WEEKS, random.integers(0, 3)):
        shocks[at:] += random.normal(0.03, 0.16)
    prices = level * np.exp(wander - wander[-1] + season + shocks - shocks[-1])
    return Course(str(variant.pk), "|".join(identity), np.round(np.maximum(prices, 0.05), 2))


def make_market(*, now: dt.datetime) -> int:
    """Quotes and sales for every printing of the catalogue; returns how many rows."""
    variants = Variant.objects.select_related("product__category", "product__release").order_by("pk")
    courses = [course_of(variant) for variant in variants]
    sources = {source.slug: source.pk for source in Source.objects.all()}
    if Sale.objects.filter(reference__startswith="demo-").exists():
        return 0
    with transaction.atomic():
        return _quotes(courses, now) + _sales(courses, sources, now)


def _quotes(courses: list[Course], now: dt.datetime) -> int:
    """One quote a week and printing, by the loader: closes and market prices follow as they do from a feed."""
    evening = now.replace(hour=20, minute=5, second=0, microsecond=0)
    days = [evening - dt.timedelta(weeks=WEEKS - 1 - week) for week in range(WEEKS)]
    days = [day if day <= now else now for day in days]
    rows = (row for course in courses for row in _quotes_of(course, days))
    return load(rows, kind="quotes", origin="demo").created


def _quotes_of(course: Course, days: list[dt.datetime]) -> Iterator[QuoteRow]:
    sizes = _random("quotes", course.identity).integers(2, 40, WEEKS)
    lookup = Lookup(variant_id=course.variant_id)
    for day, price, size in zip(days, course.prices, sizes, strict=True):
        low, mid, high = (Decimal(str(round(price * share, 2))) for share in (0.86, 1.08, 1.9))
        market = Decimal(str(price))
        yield QuoteRow(None, None, lookup, "tcgplayer", "NM", day, low, mid, high, market, "USD", int(size))


def _sales(courses: list[Course], sources: dict[str, int], now: dt.datetime) -> int:
    """Single sold copies of the last half year: more of what is cheap, denser lately, worse copies for less."""
    rows = []
    conditions, factors = list(CONDITION_FACTORS), list(CONDITION_FACTORS.values())
    for course in courses:
        random = _random("sales", course.identity)
        count = int(random.integers(0, 4)) if random.random() < 0.12 else int(random.integers(6, 26))
        ages = np.sort(random.beta(1, 2.2, count) * SALES_DAYS)
        which = random.choice(5, count, p=[0.62, 0.2, 0.1, 0.05, 0.03])
        for number, (age, index) in enumerate(zip(ages, which, strict=True)):
            level = course.prices[-1 - min(int(age // 7), WEEKS - 1)] * factors[index]
            price = Decimal(str(round(max(0.05, level * random.lognormal(0, 0.11)), 2)))
            slug = ("tcgplayer", "ebay", "cardvault")[int(random.choice(3, p=[0.6, 0.3, 0.1]))]
            rows.append(
                Sale(
                    id=uuid7(),
                    variant_id=course.variant_id,
                    source_id=sources[slug],
                    reference=f"demo-{course.variant_id}-{number}",
                    condition=conditions[index],
                    price=price,
                    seller_ref=f"s{int(random.integers(0, 400))}",
                    buyer_ref=f"b{int(random.integers(0, 4000))}",
                    sold_at=now - dt.timedelta(days=float(age), minutes=int(random.integers(1, 600))),
                )
            )
    Sale.objects.bulk_create(rows, batch_size=2000, ignore_conflicts=True)
    return len(rows)


def pick(count: int, *words: object, ids: list[str]) -> list[str]:
    """Some of the ids, always the same ones for the same words."""
    random = _random("pick", *words)
    return [ids[i] for i in random.permutation(len(ids))[:count]]


def condition_for(*words: object) -> Condition:
    """A plausible condition, always the same one for the same words."""
    return Condition(str(_random("condition", *words).choice(list(CONDITION_FACTORS), p=[0.6, 0.22, 0.1, 0.05, 0.03])))


def spread_for(*words: object) -> Decimal:
    """The share of the fair value that is asked for, always the same one for the same words."""
    return Decimal(int(_random("spread", *words).integers(93, 116))) / 100
