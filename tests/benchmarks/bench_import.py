"""How many printings a second the catalogue takes, as a ratio to saving them one by one through the ORM, in one run.

The catalogue is made up here (sets of 200 cards, two printings and two ids each), so that no data is needed; with
CARDVAULT_SAMPLE_DATA the real files are imported too. Runs on an embedded PostgreSQL of its own, everything as in
production.

    python -m tests.benchmarks import
"""

from __future__ import annotations

import csv
import json
import os
import statistics
import time
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from tests.benchmarks.scratch import scratch
from tests.benchmarks.sizes import Size, of

SIZES = {Size.TINY: (40, 4, 1), Size.USUAL: (10_000, 500, 3)}
"""Cards imported, cards saved one by one, rounds."""
DAY = date(2026, 7, 7)
_WORDS = [
    "ember",
    "tide",
    "moss",
    "storm",
    "dusk",
    "dawn",
    "iron",
    "glass",
    "river",
    "stone",
    "ash",
    "frost",
    "sun",
    "moon",
]
_COLUMNS = (
    "category", "release_code", "release_name", "released_on", "total_cards", "number", "name", "rarity", "artist", "finishes",
    "tcgplayer_id", "cardmarket_id",
)  # fmt: skip


def rows(count: int, *, first: int = 0) -> Iterable[dict[str, object]]:
    """Printings of made-up sets, as rows of our own CSV."""
    for n in range(first, first + count):
        words = [_WORDS[n % 14], _WORDS[n // 14 % 14], "ex" if n % 9 == 0 else "drake"]
        values = (
            "trading-cards/pokemon", f"bench{n // 200}", f"{words[1]} {words[0]}".title(), "2024-01-01", 200,
            f"{n % 200 + 1:03}", " ".join(words).title(), "Rare" if n % 3 else "Common", f"{words[0]} brush".title(),
            "normal|reverse-holofoil", 1_000_000 + n, 2_000_000 + n,
        )  # fmt: skip
        yield dict(zip(_COLUMNS, values, strict=True))


def one_by_one(count: int, *, first: int) -> float:
    """The baseline: `get_or_create` of set, product, printings and ids for each row. Printings a second."""
    from django.db import transaction

    from apps.catalog.models import Category, ExternalId, Product, Release, Variant

    category = Category.objects.get(path="trading-cards/pokemon")
    started = time.perf_counter()
    with transaction.atomic():
        for row in rows(count, first=first):
            release, _ = Release.objects.get_or_create(
                category=category, code=row["release_code"],
                defaults={"name": row["release_name"], "released_on": row["released_on"], "total_cards": 200},
            )  # fmt: skip
            product, _ = Product.objects.get_or_create(
                category=category, release=release, number=row["number"],
                defaults={name: row[name] for name in ("name", "rarity", "artist")},
            )  # fmt: skip
            for place, finish in enumerate(str(row["finishes"]).split("|")):
                Variant.objects.get_or_create(
                    product=product, finish=finish, language="en", treatment="", defaults={"is_default": place == 0}
                )
            for source in ("tcgplayer", "cardmarket"):
                ExternalId.objects.get_or_create(source=source, value=row[f"{source}_id"], product=product)
    return count / (time.perf_counter() - started)


def imported(path: Path, kind: str) -> tuple[Any, float]:
    """The report of an import and its seconds."""
    from apps.catalog.actions import import_catalog

    started = time.perf_counter()
    report = import_catalog(kind=kind, path=path)
    return report, time.perf_counter() - started


def empty() -> None:
    """Take the catalogue out again."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("truncate catalog_release, catalog_word cascade")


def prices_file(folder: Path, ids: Iterable[tuple[int, str]]) -> Path:
    """A day's prices in the form of TCGCSV, one for each (product id, finish in TCGplayer's words)."""
    prices = [
        {"productId": product, "lowPrice": 1.0 + n % 90, "midPrice": 2.0 + n % 90, "highPrice": 99.99,
         "marketPrice": 1.5 + n % 90, "directLowPrice": None, "subTypeName": finish}
        for n, (product, finish) in enumerate(ids)
    ]  # fmt: skip
    path = folder / "prices"
    path.write_text(json.dumps({"success": True, "errors": [], "results": prices}))
    return path


def known_ids() -> list[tuple[int, str]]:
    """TCGplayer's id and finish of every printing that the catalogue has, those ids left out that name several cards."""
    from django.db import connection

    from apps.catalog.models import Finish

    with connection.cursor() as cursor:
        cursor.execute(
            """select distinct on (e.value, v.finish) e.value::int, v.finish from catalog_externalid e
            join catalog_variant v on v.id = e.variant_id or e.variant_id is null and v.product_id = e.product_id
            where e.source = 'tcgplayer' and v.language = 'en' and e.value in (
                select value from catalog_externalid where source = 'tcgplayer'
                group by value having count(distinct product_id) = 1) order by e.value, v.finish"""
        )
        return [(value, str(Finish(finish).label)) for value, finish in cursor.fetchall()]


def made_up(folder: Path, cards: int, baseline_cards: int, rounds: int) -> dict[str, dict[str, float]]:
    """The made-up catalogue: baseline and import alternate, medians are compared; then a repeat."""
    path = folder / "cards.csv"
    with path.open("w", newline="") as stream:
        table = csv.DictWriter(stream, fieldnames=_COLUMNS)
        table.writeheader()
        table.writerows(rows(cards))
    baseline, fresh, again = [], [], []
    for _ in range(rounds):
        empty()
        report, seconds = imported(path, "generic")
        fresh.append(report.counts["products"].created / seconds)
        report, seconds = imported(path, "generic")
        again.append(report.counts["products"].unchanged / seconds)
        assert not report.changed, "a repeat changed something"
        baseline.append(one_by_one(baseline_cards, first=cards))
    base = statistics.median(baseline)
    return {
        name: {"cards": count, "cards/s": statistics.median(rates), "ratio": statistics.median(rates) / base}
        for name, count, rates in (
            ("get_or_create, row by row (baseline)", baseline_cards, baseline),
            ("import into an empty catalogue", cards, fresh),
            ("the same import again", cards, again),
        )
    }


def real(folder: Path, sample: Path) -> dict[str, dict[str, float]]:
    """The real files, where there are any: seconds of each import and of its repeat, and of a day's prices for it all."""
    from apps.valuations.actions import import_quotes

    empty()
    found: dict[str, dict[str, float]] = {}
    for kind, path in (("tcgdex-csv", sample / "catalog"), ("punk-records-csv", sample / "catalog/onepiece_cards.csv")):
        for what in (kind, f"{kind}, again"):
            report, seconds = imported(path, kind)
            found[what] = {"cards": sum(vars(report.counts["products"]).values()), "seconds": seconds,
                           "changed": report.changed, "rejected": report.rejected}  # fmt: skip
    path = prices_file(folder, known_ids())
    for what in ("prices of TCGCSV", "prices of TCGCSV, again"):
        started = time.perf_counter()
        market = import_quotes(kind="tcgcsv", path=path, on=DAY)
        found[what] = {"cards": market.created + market.updated + market.unchanged, "changed": len(market.touched),
                       "rejected": market.rejected, "seconds": time.perf_counter() - started}  # fmt: skip
    return found


def run(size: Size = Size.USUAL) -> dict[str, dict[str, float]]:
    """Start a server, migrate, measure, print; returns the figures by name."""
    sample = Path(os.environ.get("CARDVAULT_SAMPLE_DATA", Path(__file__).resolve().parents[3] / "shared/data"))
    with scratch() as folder:
        found = made_up(folder, *of(SIZES, size))
        print(f"{'catalogue import':<40}{'cards':>9}{'cards/s':>11}{'ratio':>8}")
        for what, figures in found.items():
            print(f"{what:<40}{figures['cards']:>9,}{figures['cards/s']:>11,.0f}{figures['ratio']:>8.2f}")
        if size is not Size.TINY and (sample / "catalog/tcgdex_cards.csv").is_file():
            with_files = real(folder, sample)
            print(f"{'real files':<40}{'rows':>9}{'seconds':>11}{'changed':>9}{'rejected':>10}")
            for what, figures in with_files.items():
                print(
                    f"{what:<40}{figures['cards']:>9,}{figures['seconds']:>11.1f}{figures['changed']:>9,}"
                    f"{figures['rejected']:>10,}"
                )
            found |= with_files
    return found


if __name__ == "__main__":
    run()
