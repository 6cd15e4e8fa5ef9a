"""A statement as a file: CSV for spreadsheets, PDF for the folder."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from apps.core.money import Money
from apps.trades.selling.lettering import lines_of, write
from apps.trades.selling.orders import number_of
from apps.trades.selling.slips import IN_MEMORY, PAPERS
from apps.trades.selling.statements import Movement, Period, Sums
from apps.trades.selling.taxes import ADVICE, Reached

KINDS = {"sale": "Sale", "returned": "Returned to the buyer", "payout": "Payout"}
_COLUMNS = (
    "Date", "Kind", "Order", "What", "Country", "Cards", "Shipping", "Refunds", "Fees", "Payouts", "Balance", "Currency",
)  # fmt: skip
_MARGIN = 18 * mm
_ROW = 5 * mm
_SIZE = 8.0


@dataclass(frozen=True)
class Statement:
    """All that a statement of one currency tells. months: of a year; movements: of a month."""

    seller: str
    period: Period
    currency: str
    sums: Sums
    movements: Sequence[Movement] = ()
    months: Sequence[tuple[Period, Sums]] = ()
    taxes: Sequence[Reached] = ()

    @property
    def facts(self) -> list[tuple[str, int, bool]]:
        """Label, minor units, and whether it is a sum of what stands above it."""
        sums = self.sums
        return [
            ("Balance at the beginning", sums.opening, False),
            ("Cards", sums.cards, False),
            ("Shipping", sums.shipping, False),
            ("Back to buyers", sums.refunds, False),
            ("Our fees", sums.fees, False),
            ("Payouts", sums.payouts, False),
            ("Balance at the end", sums.closing, True),
        ]

    @property
    def held_facts(self) -> list[tuple[str, int, bool]]:
        """The same of the money held for sales that are not closed."""
        sums = self.sums
        return [
            ("Held at the beginning", sums.held_opening, False),
            ("Paid by buyers", sums.held_in, False),
            ("Released or returned", -sums.held_out, False),
            ("Held at the end", sums.held, True),
        ]


def as_csv(statement: Statement) -> Iterator[str]:
    """The movements line by line, between the balance at the beginning and at the end."""
    currency, sums, balance = statement.currency, statement.sums, statement.sums.opening

    def row(*cells: object) -> str:
        text = io.StringIO()
        csv.writer(text).writerow(cells)
        return text.getvalue()

    def figures(each: Movement | Sums) -> list[object]:
        return [
            Money(getattr(each, name), currency).decimal for name in ("cards", "shipping", "refunds", "fees", "payouts")
        ]

    yield "\ufeff" + row(*_COLUMNS)
    yield row(
        f"{statement.period.begins_at:%Y-%m-%d}",
        "Opening balance",
        *[""] * 8,
        Money(balance, currency).decimal,
        currency,
    )
    for each in statement.movements:
        balance += each.balance_change
        order = number_of(each.trade_id) if each.trade_id else ""
        yield row(
            f"{each.at:%Y-%m-%d}", KINDS[each.kind], order, harmless(each.what), each.country, *figures(each),
            Money(balance, currency).decimal, currency,
        )  # fmt: skip
    yield row(
        f"{statement.period.ends_at:%Y-%m-%d}", "Closing balance", "", "", "", *figures(sums), Money(balance, currency).decimal,
        currency,
    )  # fmt: skip


def harmless(text: str) -> str:
    """A cell that no spreadsheet runs as a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text


def as_pdf(statement: Statement, *, site: str) -> IO[bytes]:
    """The statement as an open file at its beginning: figures, months or movements, tax thresholds."""
    file: IO[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the answer closes it
    sheet = _Sheet(Canvas(file, pagesize=PAPERS["a4"], pageCompression=1), statement, site)
    sheet.draw()
    file.seek(0)
    return file


class _Sheet:
    """Pages of one statement; `y` is where the next line stands."""

    def __init__(self, canvas: Canvas, statement: Statement, site: str) -> None:
        self.canvas, self.statement, self.site = canvas, statement, site
        self.left, self.right = _MARGIN, PAPERS["a4"][0] - _MARGIN
        self.top = PAPERS["a4"][1] - _MARGIN
        self.y, self.page = self.top, 1
        canvas.setTitle(f"Statement {statement.period.name}")

    def draw(self) -> None:
        """Everything."""
        statement = self.statement
        self._text(f"Statement {statement.period.name}", 16, bold=True)
        self._text(f"{statement.seller} · {statement.currency} · times in UTC", _SIZE + 1)
        for title, facts in (
            ("Your balance", statement.facts),
            ("Held until buyers are content", statement.held_facts),
        ):
            self._title(title)
            for label, minor, is_sum in facts:
                self._row([(self.left, label, False), (self.left + 90 * mm, self._money(minor), True)], bold=is_sum)
        if statement.months:
            self._table("Months", ((period.name, "", each) for period, each in statement.months))
        if statement.movements:
            self._table("Movements", ((f"{e.at:%d %b}", f"{KINDS[e.kind]}: {e.what}", e) for e in statement.movements))
        for reached in statement.taxes:
            self._title(reached.threshold.name)
            rule = reached.threshold
            source = f"{rule.source}; as of {rule.as_of:%-d %B %Y}. {rule.address}"
            for text in (reached.words, rule.words, source, ADVICE):
                for line in lines_of(text, self.right - self.left, _SIZE):
                    self._row([(self.left, line, False)])
        self._end_page()
        self.canvas.save()

    def _table(self, title: str, rows: Iterable[tuple[str, str, Movement | Sums]]) -> None:
        self._title(title)
        places = [self.right - step * 19 * mm for step in (4, 3, 2, 1, 0)]
        names = ("cards", "shipping", "refunds", "fees", "payouts")
        self._row([(x, name.capitalize(), True) for x, name in zip(places, names, strict=True)], bold=True)
        for first, what, each in rows:
            room = places[0] - 19 * mm - self.left - 14 * mm
            described = next(iter(lines_of(what, room, _SIZE)), "") if what else ""
            figures = [(x, self._money(getattr(each, name)), True) for x, name in zip(places, names, strict=True)]
            self._row([(self.left, first, False), (self.left + 14 * mm, described, False), *figures])

    def _money(self, minor: int) -> str:
        return str(Money(minor, self.statement.currency))

    def _title(self, text: str) -> None:
        self.y -= 4 * mm
        self._text(text, 11, bold=True)

    def _text(self, text: str, size: float, *, bold: bool = False) -> None:
        self._make_room(size * 1.5)
        self.y -= size
        write(self.canvas, self.left, self.y, text, size, bold=bold)
        self.y -= 2.5 * mm

    def _row(self, cells: Sequence[tuple[float, str, bool]], *, bold: bool = False) -> None:
        self._make_room(_ROW)
        self.y -= _ROW
        for x, text, right in cells:
            write(self.canvas, x, self.y, text, _SIZE, bold=bold, right=right)

    def _make_room(self, height: float) -> None:
        if self.y - height < _MARGIN + 8 * mm:
            self._end_page()
            self.y = self.top

    def _end_page(self) -> None:
        write(self.canvas, self.left, _MARGIN, f"{self.site} · from the ledger", 7)
        write(self.canvas, self.right, _MARGIN, f"{self.page}", 7, right=True)
        self.canvas.showPage()
        self.page += 1
