"""A statement as CSV for spreadsheets: the pockets at the beginning, every movement, the pockets at the end."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from apps.escrow.statements.queries import Statement, movements_of

COLUMNS = ("Date", "Where", "What", "About", "Cause", "Amount", "Balance", "Currency")


def as_csv(statement: Statement) -> Iterator[bytes]:
    """Line by line; amounts in major units with the currency's own number of digits."""
    currency = statement.currency
    yield _line(*COLUMNS)
    for pocket in statement.pockets:
        day = f"{statement.period.begins_at:%Y-%m-%d}"
        yield _line(day, pocket.words, "Opening balance", "", "", "", pocket.opening.decimal, currency)
    for each in movements_of(statement):
        yield _line(
            f"{each.at:%Y-%m-%d %H:%M:%S}", each.place, each.words, harmless(each.about), each.cause,
            each.amount.decimal, each.balance.decimal, currency,
        )  # fmt: skip
    for pocket in statement.pockets:
        day = f"{statement.period.ends_at:%Y-%m-%d}"
        yield _line(day, pocket.words, "Closing balance", "", "", "", pocket.closing.decimal, currency)


def harmless(text: str) -> str:
    """A cell that no spreadsheet runs as a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text


def _line(*cells: object) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()
