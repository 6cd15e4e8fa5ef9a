"""Packing slips: one order after another in one PDF, each on pages of its own, with all that its parcel holds."""

from __future__ import annotations

from collections.abc import Sequence
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from apps.core.money import Money
from apps.core.numbers import printed_number
from apps.trades.models import TradeLine
from apps.trades.selling.addresses import lines_of as address_lines
from apps.trades.selling.lettering import LEADING, lines_of, write, write_lines
from apps.trades.selling.orders import Order

PAPERS: dict[str, tuple[float, float]] = {"a4": A4, "letter": LETTER}
_MARGIN = 18 * mm
_SIZE = 9.5
IN_MEMORY = 4 * 1024 * 1024
"""Bytes of a PDF that are kept in memory; what is longer lies in a file until it is sent."""


def packing_slips(orders: Sequence[Order], *, paper: str = "a4", site: str = "CardVault") -> IO[bytes]:
    """The slips as an open file at its beginning. `paper`: a key of PAPERS."""
    file: IO[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the answer closes it
    canvas = Canvas(file, pagesize=PAPERS[paper], pageCompression=1)
    canvas.setTitle("Packing slips")
    canvas.setCreator(site)
    for order in orders:
        _Slip(canvas, order, PAPERS[paper], site).draw()
    canvas.save()
    file.seek(0)
    return file


class _Slip:
    """One order on its pages."""

    def __init__(self, canvas: Canvas, order: Order, size: tuple[float, float], site: str) -> None:
        self.canvas, self.order, self.trade, self.site = canvas, order, order.trade, site
        self.left, self.right = _MARGIN, size[0] - _MARGIN
        self.top, self.bottom = size[1] - _MARGIN, _MARGIN + 22 * mm
        self.page = 1

    def draw(self) -> None:
        """All pages of the order."""
        y = self._heading(self._head())
        for line in self.trade.lines.all():
            name = lines_of(_described(line), self.right - self.left - 62 * mm, _SIZE)
            if y - len(name) * _SIZE * LEADING < self.bottom:
                self._end_page()
                y = self._heading(self.top)
            y = self._line(line, name, y)
        self._sums(y)
        self._end_page()

    def _head(self) -> float:
        write(self.canvas, self.left, self.top - 6 * mm, f"Order {self.order.number}", 18, bold=True)
        write(self.canvas, self.right, self.top - 6 * mm, "Packing slip", 11, right=True)
        y = self.top - 16 * mm
        facts = [
            f"Ordered {self.trade.created_at:%-d %B %Y}",
            f"From {self.trade.seller}",
            f"Bought by {self.trade.buyer}",
        ]
        beside = write_lines(self.canvas, self.left + 95 * mm, y, facts, _SIZE, width=self.right - self.left - 95 * mm)
        address = address_lines(self.trade.ship_to)
        write(self.canvas, self.left, y, "Ship to", 8, bold=True)
        y = write_lines(self.canvas, self.left, y - 5 * mm, address, 11, width=90 * mm)
        return min(y, beside) - 8 * mm

    def _heading(self, y: float) -> float:
        for x, text, right in (
            (self.left, "Copies", False),
            (self.left + 16 * mm, "Card", False),
            (self.right, "Each", True),
        ):
            write(self.canvas, x, y, text, 8, bold=True, right=right)
        self._rule(y - 2 * mm)
        return y - 7 * mm

    def _line(self, line: TradeLine, name: list[str], y: float) -> float:
        write(self.canvas, self.left, y, f"{line.quantity} ×", _SIZE, bold=line.quantity > 1)
        write(self.canvas, self.right - 22 * mm, y, line.condition_label, _SIZE, right=True)
        write(self.canvas, self.right, y, str(Money(line.price_minor, self.trade.currency)), _SIZE, right=True)
        for piece in name:
            write(self.canvas, self.left + 16 * mm, y, piece, _SIZE)
            y -= _SIZE * LEADING
        return y - 1.5 * mm

    def _sums(self, y: float) -> None:
        if y - 22 * mm < _MARGIN:
            self._end_page()
            y = self.top
        self._rule(y)
        trade = self.trade
        for label, minor in (
            ("Cards", trade.items_minor),
            ("Shipping", trade.shipping_minor),
            ("Paid", trade.total_minor),
        ):
            y -= 5 * mm
            last = label == "Paid"
            write(self.canvas, self.right - 45 * mm, y, label, _SIZE, bold=last)
            write(self.canvas, self.right, y, str(Money(minor, trade.currency)), _SIZE, bold=last, right=True)
        copies = self.order.copies
        write(self.canvas, self.left, y, f"{copies} card{'' if copies == 1 else 's'} in this parcel", _SIZE)

    def _rule(self, y: float) -> None:
        self.canvas.setLineWidth(0.5)
        self.canvas.line(self.left, y, self.right, y)

    def _end_page(self) -> None:
        said = f"{self.site} holds your payment until you have looked at the cards. Is anything wrong? Say so in the trade room."
        write(self.canvas, self.left, _MARGIN, said, 7.5)
        write(self.canvas, self.right, _MARGIN, f"{self.order.number} · {self.page}", 7.5, right=True)
        self.canvas.showPage()
        self.page += 1


def _described(line: TradeLine) -> str:
    """A card as its owner finds it: name, set and number, finish and language where they are not the usual."""
    variant: Any = line.item.variant
    product = variant.product
    special = [variant.label] if variant.finish != "normal" or variant.treatment else []
    language = [variant.language.upper()] if variant.language != "en" else []
    return ", ".join([product.name, f"{product.release.name} {printed_number(product.number)}", *special, *language])
