"""Address labels: on sheets of A4 and Letter, or single ones of four by six inches, many orders in one PDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO

from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.units import inch, mm
from reportlab.pdfgen.canvas import Canvas

from apps.core.errors import InvalidInput
from apps.trades.selling.addresses import lines_of as address_lines
from apps.trades.selling.lettering import LEADING, fitting, write
from apps.trades.selling.orders import Order
from apps.trades.selling.slips import IN_MEMORY


@dataclass(frozen=True)
class Sheet:
    """Where labels lie on a sheet, in points: `left` and `top` of the first one, `across` and `down` from one to the next."""

    name: str
    page: tuple[float, float]
    columns: int
    rows: int
    width: float
    height: float
    left: float
    top: float
    across: float
    down: float

    @property
    def count(self) -> int:
        """How many labels a sheet has."""
        return self.columns * self.rows

    @property
    def has_room_for_sender(self) -> bool:
        """Whether the sender's address stands on it as well."""
        return self.height >= 60 * mm

    def corner(self, position: int) -> tuple[float, float]:
        """Left edge and upper edge of a label, from the page's lower left corner; positions run along the rows."""
        row, column = divmod(position, self.columns)
        return self.left + column * self.across, self.page[1] - self.top - row * self.down


# Measures as the makers of the sheets publish them.
SHEETS: dict[str, Sheet] = {
    "4x6": Sheet("4 × 6 inches, one label a page", (4 * inch, 6 * inch), 1, 1, 4 * inch, 6 * inch, 0, 0, 0, 0),
    "a4-8": Sheet(
        "A4, 8 labels of 99.1 × 67.7 mm (L7165)", A4, 2, 4, 99.1 * mm, 67.7 * mm, 4.65 * mm, 13.1 * mm, 101.6 * mm, 67.7 * mm
    ),
    "a4-14": Sheet(
        "A4, 14 labels of 99.1 × 38.1 mm (L7163)", A4, 2, 7, 99.1 * mm, 38.1 * mm, 4.65 * mm, 15.15 * mm, 101.6 * mm, 38.1 * mm
    ),
    "a4-21": Sheet(
        "A4, 21 labels of 63.5 × 38.1 mm (L7160)", A4, 3, 7, 63.5 * mm, 38.1 * mm, 7.25 * mm, 15.15 * mm, 66.0 * mm, 38.1 * mm
    ),
    "letter-10": Sheet(
        "Letter, 10 labels of 4 × 2 inches (5163)", LETTER, 2, 5, 4 * inch, 2 * inch, 0.15625 * inch, 0.5 * inch, 4.1875 * inch,
        2 * inch,
    ),
    "letter-30": Sheet(
        "Letter, 30 labels of 2⅝ × 1 inch (5160)", LETTER, 3, 10, 2.625 * inch, 1 * inch, 0.1875 * inch, 0.5 * inch,
        2.75 * inch, 1 * inch,
    ),
}  # fmt: skip


def address_labels(
    orders: Sequence[Order], *, sheet: str = "4x6", skip: int = 0, sender: Sequence[str] = (), site: str = "CardVault"
) -> IO[bytes]:
    """One label for each order as an open file at its beginning.

    sheet: a key of SHEETS. skip: labels of the first sheet that are used up. sender: lines, shown where there is room.
    Raises InvalidInput (skip is more than a sheet has).
    """
    form = SHEETS[sheet]
    if not 0 <= skip < form.count:
        raise InvalidInput(f"A sheet has {form.count} labels; at most {form.count - 1} are used up.", field="skip")
    file: IO[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the answer closes it
    canvas = Canvas(file, pagesize=form.page, pageCompression=1)
    canvas.setTitle("Address labels")
    canvas.setCreator(site)
    for position, order in enumerate(orders, skip):
        place = position % form.count
        if place == 0 and position > skip:
            canvas.showPage()
        _draw(canvas, form, form.corner(place), order, sender)
    canvas.showPage()
    canvas.save()
    file.seek(0)
    return file


def _draw(canvas: Canvas, form: Sheet, corner: tuple[float, float], order: Order, sender: Sequence[str]) -> None:
    border = min(5 * mm, form.height / 8)
    left, top = corner[0] + border, corner[1] - border
    width, bottom = form.width - 2 * border, corner[1] - form.height + border
    trade = order.trade
    if sender and form.has_room_for_sender:
        size, lines = fitting(sender, width=width * 0.6, height=form.height / 4, largest=8, smallest=6)
        top = _lines(canvas, left, top, lines, size) - 4 * mm
    write(canvas, left, bottom, order.number, 6)
    bottom += 6 * LEADING
    lines = address_lines(trade.ship_to, home=trade.seller.country)
    size, lines = fitting(lines, width=width, height=top - bottom, largest=min(18.0, form.height / 7), smallest=5.0)
    _lines(canvas, left, top, lines, size)


def _lines(canvas: Canvas, left: float, top: float, lines: Sequence[str], size: float) -> float:
    y = top - size
    for line in lines:
        write(canvas, left, y, line, size)
        y -= size * LEADING
    return y + size
