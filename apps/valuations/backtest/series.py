"""Past prices as arrays, out of CSV files that are recognised by their columns. Each format says what its figures are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np

from apps.core.errors import InvalidInput
from apps.core.tabular import rows_of
from apps.valuations.fair_value import BoolArray, FloatArray, IntArray, Kind


class NoPrices(ValueError):
    """There is nothing in it that could be tested."""


@dataclass(frozen=True)
class Series:
    """Prices of many items over time, from one source. All arrays of one length n.

    item: 0 .. items - 1. day: ordinal. copies: behind the price, >= 1. is_evidence: known on its day. is_truth: what is to be
    foretold. period: days ahead that are foretold.
    """

    name: str
    about: str
    source: str
    category: str
    period: int
    items: int
    kind: IntArray
    item: IntArray
    day: FloatArray
    price: FloatArray
    copies: FloatArray
    is_evidence: BoolArray
    is_truth: BoolArray
    repeats: bool = False


@dataclass(frozen=True)
class Format:
    """A file of prices as somebody publishes it. item: columns that name the item; evidence and truth: columns of prices.

    copies: column of how many were sold; a row without any is no sale. unit: of the prices. by: column to divide them by.
    repeats: where nothing was sold the last figure is told again, which is no price to be foretold.
    """

    name: str
    about: str
    item: tuple[str, ...]
    day: str
    evidence: tuple[str, ...]
    truth: tuple[str, ...]
    source: str
    period: int
    category: str = "trading-cards/pokemon"
    kind: Kind = Kind.QUOTE
    copies: str = ""
    unit: float = 1.0
    by: str = ""
    marks: tuple[str, ...] = field(default=())
    repeats: bool = False

    def fits(self, columns: Iterable[str]) -> bool:
        """Whether a file with these columns is of this format."""
        needed = {*self.item, self.day, *self.evidence, *self.truth, *self.marks, self.copies, self.by} - {""}
        return needed <= set(columns)


_GRADED = {
    "grade7_cib": "grade 7",
    "grade8_new": "grade 8",
    "grade9_graded": "grade 9",
    "grade9_5_boxonly": "grade 9.5",
    "psa10_manualonly": "grade 10",
}

FORMATS = (
    Format(
        "weekly sales, two singles", "the cheapest and the dearest sale of each week, to foretell the next week's average",
        ("card_id",), "date", ("low_sale", "high_sale"), ("market",), "tcgplayer", 7, kind=Kind.SALE, copies="qty_sold",
    ),
    Format(
        "weekly sales", "TCGplayer's figure for a week in which copies were sold, with their number",
        ("card_id",), "date", ("market",), ("market",), "tcgplayer-weekly", 7, copies="qty_sold", marks=("low_sale",),
    ),
    Format(
        "daily market price", "TCGplayer's market price, smoothed over recent sales; it stands still between sales",
        ("tcgplayer_product_id", "finish"), "date", ("market",), ("market",), "tcgplayer", 7,
    ),
    Format(
        "3-day market price", "TCGplayer's market price of sealed products and chase cards, smoothed, buckets overlapping",
        ("set", "product_type", "name"), "period_end", ("market",), ("market",), "tcgplayer", 7, copies="volume",
    ),
    Format(
        "Cardmarket snapshots", "lists of a fortnight apart, one or two known; on some days whole sets carry other cards' prices",
        ("set", "number", "name"), "snapshot_date", ("price",), ("price",), "cardmarket", 14,
    ),
    Format(
        "monthly, ungraded", "PriceCharting's figure of a month, of a few auctions; repeats of the last one are not asked for",
        ("pricecharting_id",), "date", ("ungraded",), ("ungraded",), "pricecharting", 31, unit=0.01, repeats=True,
    ),
    *(
        Format(
            f"monthly, {name}", "PriceCharting's figure of a month; repeats of the last one are not asked for",
            ("pricecharting_id",), "date", (column,), (column,), "pricecharting-grades", 31, unit=0.01,
            category="trading-cards/graded", repeats=True,
        )
        for column, name in _GRADED.items()
    ),
    Format(
        "set values", "the sum of a set's cards, month by month",
        ("game", "set_id"), "month", ("set_value",), ("set_value",), "index", 31,
    ),
    Format(
        "price changes", "mean of TCGplayer and Cardmarket, only on days on which it changed; in dollars by the day's rate",
        ("card_id", "variant"), "date", ("price",), ("price",), "tcgdex", 7, by="fx_usd_brl",
    ),
    Format(
        "own sales", "single sales, the product's own format",
        ("item",), "date", ("price",), ("price",), "file", 7, category="", kind=Kind.SALE,
    ),
)  # fmt: skip


def read(path: Path) -> list[Series]:
    """All series of a file, or of the files of a folder. Raises NoPrices where there is none."""
    if not path.exists():
        raise NoPrices(f"There is no {path}.")
    paths = sorted(each for each in path.iterdir() if ".csv" in each.suffixes) if path.is_dir() else [path]
    found = [series for each in paths for series in _of_file(each)]
    if not found:
        known = "; ".join(sorted({", ".join((*form.item, form.day, *form.evidence)) for form in FORMATS}))
        raise NoPrices(f"{path} has no columns of prices that are known. Known are: {known}.")
    return found


def _of_file(path: Path) -> Iterator[Series]:
    try:
        rows = [row for _, row in rows_of(path)]
    except InvalidInput:
        return
    for form in FORMATS:
        if rows and form.fits(rows[0]):
            series = series_of(rows, form)
            if len(series.price):
                yield series


def series_of(rows: Iterable[Mapping[str, str]], form: Format) -> Series:
    """The rows as arrays. Prices of zero mean that nothing was sold; they and unreadable ones are left out."""
    codes: dict[tuple[str, ...], int] = {}
    found: list[tuple[int, float, float, float, bool, bool]] = []
    for row in rows:
        copies = _number(row[form.copies]) if form.copies else 1.0
        divisor = _number(row[form.by]) if form.by else 1.0
        if not copies > 0 or not divisor > 0:
            continue
        try:
            on = date.fromisoformat(row[form.day][:10]).toordinal()
        except ValueError:
            continue
        item = codes.setdefault(tuple(row[column] for column in form.item), len(codes))
        for column in dict.fromkeys((*form.evidence, *form.truth)):
            if (price := _number(row[column]) * form.unit / divisor) > 0:
                single = form.evidence != form.truth and column in form.evidence
                found.append(
                    (item, on, price, 1.0 if single else copies, column in form.evidence, column in form.truth)
                )
    columns = np.array(sorted(set(found), key=lambda row: row[1]), dtype=np.float64).reshape(-1, 6)
    return Series(
        form.name, form.about, form.source, form.category, form.period, len(codes),
        np.full(len(columns), int(form.kind), np.int64), columns[:, 0].astype(np.int64), columns[:, 1], columns[:, 2],
        columns[:, 3], columns[:, 4] > 0, columns[:, 5] > 0, form.repeats,
    )  # fmt: skip


def _number(text: str | None) -> float:
    """The number, 0 where there is none."""
    try:
        number = float(text or 0)
    except ValueError:
        return 0.0
    return number if math.isfinite(number) else 0.0
