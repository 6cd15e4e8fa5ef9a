"""Writes of market data and values: refreshing current prices in batches, stating a value, keeping partitions ahead."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog.models import Variant
from apps.core import audit
from apps.core.conditions import Condition, state_key
from apps.core.errors import InvalidInput, NotFound
from apps.core.outbox import emit, emit_all
from apps.valuations import statements
from apps.valuations.events import PriceChanged, ValuationCompleted
from apps.valuations.evidence import CONDITIONS, MOST_SALES, Evidence, gather, learn_ratios, ratios
from apps.valuations.fair_value import (
    METHODS,
    MODEL_VERSION,
    FairValues,
    Kind,
    basis_of,
    fair_value,
    fair_values,
)
from apps.valuations.graded import state_number
from apps.valuations.importers import generic, tcgcsv
from apps.valuations.importers.loader import MarketReport, load
from apps.valuations.models import Sale, Valuation
from apps.valuations.partitions import detach_partitions, kept_from, make_partitions

AT_ONCE, SALES_AT_ONCE = 500, 20_000
"""How many variants are priced in one go, and how many sales they have together at most: these are in memory meanwhile."""
CENT = Decimal("0.01")


class NoComparables(NotFound):
    """Nothing is known that the value could rest on."""

    code, message = "NO_COMPARABLES", "Nobody has sold or offered this printing in this condition yet."


@dataclass
class Refreshed:
    """What a refresh did: variants looked at, prices written, and how many of them changed."""

    variants: int = 0
    prices: int = 0
    changed: int = 0


def refresh_prices(
    variant_ids: Iterable[UUID],
    *,
    as_of: dt.datetime | None = None,
    progress: Callable[[Iterable[Any]], Iterable[Any]] = iter,
) -> Refreshed:
    """Work the current prices of these variants out anew, set by set, each set in its own transaction.

    A variant with evidence gets a row for each condition (those without evidence of their own are converted) and for each
    grade that was sold or quoted, or that a member owns; one whose evidence is gone loses its rows. Emits: price.changed,
    where a price that was known is another one now, for Near Mint and for what has evidence of its own.
    """
    as_of = as_of or timezone.now()
    wanted = sorted(set(variant_ids))
    done = Refreshed()
    for start in progress(range(0, len(wanted), AT_ONCE)):
        for batch in _batches(wanted[start : start + AT_ONCE]):
            _refresh(batch, as_of, done)
    return done


def _batches(wanted: Sequence[UUID]) -> Iterator[list[UUID]]:
    """These variants in parts that have few enough sales together, or are one variant; one query."""
    counted = Sale.objects.filter(variant_id__in=wanted).values_list("variant_id").order_by().annotate(Count("pk"))
    sales = {pk: min(count, 2 * MOST_SALES) for pk, count in counted}
    batch: list[UUID] = []
    together = 0
    for pk in wanted:
        together += sales.get(pk, 0)
        if batch and together > SALES_AT_ONCE:
            yield batch
            batch, together = [], sales.get(pk, 0)
        batch.append(pk)
    yield batch


@transaction.atomic
def _refresh(wanted: Sequence[UUID], as_of: dt.datetime, done: Refreshed) -> None:
    known = list(Variant.objects.filter(pk__in=wanted).order_by("pk").values_list("pk", flat=True))
    evidence = gather(known, as_of=as_of)
    with connection.cursor() as cursor:
        cursor.execute(statements.STAGE_PRICES)
        with cursor.copy(statements.COPY_PRICES) as copy:
            for row in _prices(evidence, as_of):
                copy.write_row(row)
        cursor.execute(statements.COMPLETE_PRICES, {"ids": known, "as_of": as_of, "since": as_of - dt.timedelta(800)})
        cursor.execute(statements.CHANGED_PRICES)
        changed = cursor.fetchall()
        cursor.execute(statements.WRITE_PRICES, {"ids": known, "as_of": as_of})
        done.prices += cursor.rowcount
        cursor.execute(statements.REMOVE_PRICES, {"ids": known})
        cursor.execute("drop table stage_price, stage_newest")
    emit_all(
        [
            PriceChanged(variant_id=variant, condition=condition, old=old, new=new, currency=currency, at=as_of)
            for variant, condition, old, new, currency in changed
        ]
    )
    done.variants += len(known)
    done.changed += len(changed)


def _prices(evidence: Evidence, as_of: dt.datetime) -> Iterable[tuple]:
    """Rows of the staging table: every condition of every variant that has ungraded comparables, and each of its grades."""
    items = len(evidence.variant_ids)
    some = np.flatnonzero(evidence.conditions.any(axis=1))
    bring = ratios()
    for wanted, condition in enumerate(CONDITIONS):
        found = fair_values(
            evidence.comparables, items=items, half_lives=evidence.half_lives, conditions=wanted, ratios=bring
        )
        for at in some:
            own = bool(wanted == 0 or evidence.conditions[at, wanted])
            of = (evidence.variant_ids[at], condition, evidence.currency[at], own)
            yield _price(found, at, of, float(evidence.half_lives[at]), int(evidence.left_out[at]), as_of)
    if (graded := evidence.graded) is not None:
        pairs = len(graded.word)
        found = fair_values(
            graded.comparables, items=pairs, half_lives=graded.half_lives, conditions=graded.state, ratios=bring
        )
        for at in np.flatnonzero(found.used > 0):
            pk = evidence.variant_ids[graded.variant[at]]
            of = (pk, graded.word[at], graded.currency[at], bool(graded.is_own[at]))
            yield _price(found, at, of, float(graded.half_lives[at]), int(graded.left_out[at]), as_of)


def _price(
    found: FairValues, at: int, of: tuple[UUID, str, str, bool], life: float, left_out: int, as_of: dt.datetime
) -> tuple:
    """A row of the staging table; `of`: variant, condition or grade, currency, whether it has evidence of its own."""
    variant, state, currency, own = of
    value, low, high = (max(CENT, cents(each[at])) for each in (found.value, found.low, found.high))
    basis = basis_of(found, at, half_life_days=life, left_out=left_out)
    return (
        variant, state, value, min(low, value), max(high, value), cents(found.confidence[at]), int(found.used[at]),
        METHODS[Kind(int(found.method[at]))], currency, json.dumps(vars(basis)),
        as_of - dt.timedelta(days=float(found.newest[at])), own,
    )  # fmt: skip


def cents(amount: float) -> Decimal:
    """To hundredths, halves to even: market data is numeric(12, 2)."""
    return Decimal(repr(float(amount))).quantize(CENT, rounding=ROUND_HALF_EVEN)


@transaction.atomic
def value(
    *,
    variant: Variant,
    condition: str = Condition.NM,
    grade_company: str = "",
    grade: Decimal | None = None,
    as_of: dt.datetime | None = None,
) -> Valuation:
    """State what a copy is worth now, and keep with it all that it takes to check the figure.

    A graded copy (`grade_company` and `grade`) is compared with copies of the same and of near grades; with ungraded and far
    ones only where those are scarce.
    Raises NoComparables. Emits: valuation.completed.
    """
    as_of = as_of or timezone.now()
    state = state_key("" if grade_company else condition, grade_company, grade if grade_company else None)
    evidence = gather([variant.pk], as_of=as_of, asked=[(variant.pk, state)] if grade_company else [])
    known, currency = evidence.comparables, evidence.currency[0]
    if grade_company and evidence.graded is not None:
        graded = evidence.graded
        at = graded.word.index(state)
        known = graded.comparables.take(graded.comparables.item == at)
        currency = graded.currency[at]
    if not len(known):
        raise NoComparables(variant_id=str(variant.pk), condition=state)
    found = fair_value(
        known, half_life_days=float(evidence.half_lives[0]), condition=state_number(state), ratios=ratios()
    )
    inputs = [getattr(known, name).tolist() for name in known.__dataclass_fields__]
    middle = max(CENT, cents(found.value))
    stated = Valuation.objects.create(
        variant=variant,
        condition="" if grade_company else condition,
        grade_company=grade_company,
        grade=grade if grade_company else None,
        value=middle,
        low=min(middle, max(CENT, cents(found.low))),
        high=max(middle, cents(found.high)),
        currency=currency,
        confidence=cents(found.confidence),
        sample_size=found.n,
        method=found.method,
        model_version=MODEL_VERSION,
        inputs_hash=hashlib.sha256(json.dumps(inputs).encode()).hexdigest(),
        reasons=list(found.reasons),
        as_of=as_of,
    )
    emit(
        ValuationCompleted(
            valuation_id=stated.pk, variant_id=variant.pk, value=stated.value, currency=stated.currency, at=as_of
        )
    )
    return stated


@transaction.atomic
def remove_sales(*, sales: Sequence[Sale], by: User) -> None:
    """Take sales out that were none, and bring the prices that rested on them up to date. The trail keeps each."""
    for sale in sales:
        before = {"source": sale.source.slug, "reference": sale.reference, "price": str(sale.price)}
        audit.record(action="sale.removed", target=sale, by=by, before=before | {"currency": sale.currency})
    Sale.objects.filter(pk__in=[sale.pk for sale in sales]).delete()
    refresh_prices(sale.variant_id for sale in sales)


def stale_variants(*, as_of: dt.datetime, limit: int) -> list[UUID]:
    """Variants whose price is behind: evidence came later, or a day has passed. Newest evidence first."""
    with connection.cursor() as cursor:
        cursor.execute(statements.STALE, {"as_of": as_of, "limit": limit})
        return [pk for (pk,) in cursor.fetchall()]


def variants_with_evidence() -> list[UUID]:
    """Every variant that has a quote or a sale, or had a price."""
    with connection.cursor() as cursor:
        cursor.execute(statements.WITH_EVIDENCE)
        return [pk for (pk,) in cursor.fetchall()]


def refresh_stale(*, as_of: dt.datetime | None = None, limit: int = 20_000) -> Refreshed:
    """Bring prices up to date that are behind, and the partitions three months ahead. Run by the scheduler.

    Months of quotes beyond QUOTES_KEPT_MONTHS are detached. Once a day it learns what conditions and grades bring.
    """
    as_of = as_of or timezone.now()
    make_partitions(from_on=as_of.date(), to_on=as_of.date() + dt.timedelta(days=93))
    if oldest := kept_from(as_of.date()):
        detach_partitions(before=oldest)
    learn_ratios(as_of=as_of)
    return refresh_prices(stale_variants(as_of=as_of, limit=limit), as_of=as_of)


def import_quotes(
    *,
    kind: str,
    path: Path,
    source: str = "file",
    on: dt.date | None = None,
    add_finishes: bool = False,
    refresh: bool = True,
    progress: Callable[[Iterable[Any]], Iterable[Any]] = iter,
) -> MarketReport:
    """Import prices ("tcgcsv" or "generic") and bring the current prices of the touched variants up to date.

    `on` is the day of a file that tells none; `add_finishes` adds printings that the market prices and the catalogue
    lacks. Raises InvalidInput when the file is not what it should be.
    """
    if kind not in ("generic", "tcgcsv"):
        raise InvalidInput(f"{kind!r} is not a format. Known: generic, tcgcsv.")
    if not path.exists():
        raise InvalidInput(f"There is no {path}.")
    rows = tcgcsv.read(path, on=on) if kind == "tcgcsv" else generic.read_quotes(path, source=source)
    report = load(progress(rows), kind="quotes", origin=f"prices.{kind}", add_finishes=add_finishes)
    if refresh and report.touched:
        refresh_prices(report.touched)
    return report


def import_sales(
    *,
    path: Path,
    source: str = "file",
    refresh: bool = True,
    progress: Callable[[Iterable[Any]], Iterable[Any]] = iter,
) -> MarketReport:
    """Import sales from our own CSV and bring the current prices of the touched variants up to date."""
    if not path.exists():
        raise InvalidInput(f"There is no {path}.")
    report = load(progress(generic.read_sales(path, source=source)), kind="sales", origin="sales.generic")
    if refresh and report.touched:
        refresh_prices(report.touched)
    return report
