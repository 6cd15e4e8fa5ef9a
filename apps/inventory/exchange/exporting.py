"""An inventory as a file: streamed from a cursor of the server, row by row, in the format that is asked for."""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from apps.accounts.models import User
from apps.catalog.models import ExternalId
from apps.inventory.exchange.carrying import LABELS, Facts, cells_of, lost_in
from apps.inventory.exchange.layouts import IDS, Format
from apps.inventory.models import InventoryItem
from apps.inventory.queries import narrowed

_AT_ONCE = 1000
_FACTS = (
    "variant__product__name", "variant__product__release__code", "variant__product__release__name",
    "variant__product__number", "variant__finish", "variant__language", "quantity", "variant__treatment", "condition",
    "grade_company", "grade", "unit_cost_minor", "currency", "acquired_on", "binder__name", "notes", "variant_id",
    "variant__product__rarity",
)  # fmt: skip


class _Echo:
    """What csv writes into: it hands the line back."""

    def write(self, line: str) -> str:
        """The line."""
        return line


def items_of(owner: User, **filters: Any) -> QuerySet[InventoryItem]:
    """The items that an export takes: those of the inventory's own filters (text, binder, condition, category)."""
    return narrowed(InventoryItem.objects.filter(owner=owner, quantity__gt=0), **filters)


def lines_of(items: QuerySet[InventoryItem], into: Format) -> Iterator[str]:
    """The file, line by line: a separator line where the format has one, its columns, a row for each item.

    Memory holds a thousand items, however many there are. A row that cannot name its card is still written, and told by
    `losses_of` before.
    """
    table = csv.writer(
        _Echo(), delimiter=into.delimiter, quoting=csv.QUOTE_ALL if into.quotes_all else csv.QUOTE_MINIMAL
    )
    if into.first_line:
        yield f"{into.first_line}\r\n"
    yield table.writerow(into.headings)
    for facts in facts_of(items, into):
        yield table.writerow(cells_of(facts, into))


def facts_of(items: QuerySet[InventoryItem], into: Format) -> Iterator[Facts]:
    """The items as facts, oldest first, with the ids that the format has columns for."""
    sites = [site for site in IDS if site in into.says]
    rows = items.order_by("created_at", "pk").values_list("variant__product_id", *_FACTS).iterator(chunk_size=_AT_ONCE)
    while chunk := list(islice(rows, _AT_ONCE)):
        known = _ids(chunk, sites) if sites else {}
        for product, *facts in chunk:
            named = dict(zip(Facts.__slots__, facts, strict=False))
            ids = {
                site: known.get((site, product, facts[16])) or known.get((site, product, None), "") for site in sites
            }
            yield Facts(**named | {"binder": named["binder"] or "", "variant_id": str(facts[16]), "ids": ids})


def _ids(chunk: Iterable[tuple[Any, ...]], sites: list[str]) -> dict[tuple[str, UUID, UUID | None], str]:
    """What sites call these cards: by site, product, and printing (None for all of them)."""
    rows = ExternalId.objects.filter(source__in=sites, product__in={row[0] for row in chunk}).order_by("-pk")
    return {
        (source, product, variant): value
        for source, product, variant, value in rows.values_list("source", "product_id", "variant_id", "value")
    }


def losses_of(items: QuerySet[InventoryItem], into: Format) -> dict[str, int]:
    """What the format cannot say, in words, with how many items lose it. Told before exporting; two queries."""
    flags = {
        "has_cost": Q(unit_cost_minor__gt=0), "free": Q(unit_cost_minor=0), "has_day": Q(acquired_on__isnull=False),
        "has_binder": Q(binder__isnull=False), "has_notes": ~Q(notes=""), "is_graded": Q(grade__isnull=False),
    }  # fmt: skip
    known = ExternalId.objects.filter(source__in=[site for site in IDS if site in into.says])
    groups = (
        items.order_by()
        .annotate(**flags, has_id=Exists(known.filter(product=OuterRef("variant__product"))))
        .values_list(
            "variant__finish", "variant__language", "variant__treatment", "condition", "currency", *flags, "has_id",
        )
        .annotate(items_in_group=Count("pk")        )
    )  # fmt: skip
    lost = Counter[str]()
    for finish, language, treatment, condition, currency, *told, has_id, count in groups:
        has_cost, free, has_day, has_binder, has_notes, is_graded = told
        facts = Facts(
            name="", set_code="", set_name="", number="", finish=finish, language=language, treatment=treatment,
            condition=condition, grade=Decimal(1) if is_graded else None, currency=currency,
            unit_cost_minor=1 if has_cost else 0 if free else None, acquired_on=dt.date.min if has_day else None,
            binder="x" if has_binder else "", notes="x" if has_notes else "", ids=dict.fromkeys(IDS, "x") if has_id else {},
        )  # fmt: skip
        for name in lost_in(facts, into):
            lost[name] += count
    return {LABELS[name]: lost[name] for name in LABELS if lost[name]}
