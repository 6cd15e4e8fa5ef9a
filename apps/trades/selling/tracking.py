"""Tracking in bulk: lines of order, carrier and number, pasted or from a file; each ships its order, and each result is told."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from apps.accounts.models import User
from apps.core.errors import DomainError, InvalidInput, TooLarge
from apps.core.tabular import rows_in
from apps.escrow.models import HoldState
from apps.inventory.exchange.files import encoding_of
from apps.trades import actions
from apps.trades.models import Shipment, Trade
from apps.trades.selling import orders
from apps.trades.selling.carriers import carrier_of, plain_parcel_number

MOST_LINES = 500
MOST_BYTES = 1024 * 1024
_HEADINGS = {
    "order": "order", "order number": "order", "order id": "order", "order #": "order", "trade": "order",
    "carrier": "carrier", "service": "carrier", "tracking": "number", "tracking number": "number", "number": "number",
    "tracking no": "number", "tracking code": "number",
}  # fmt: skip
SHIPPED, SAME, READY, REFUSED = "shipped", "already", "ready", "refused"


@dataclass(frozen=True)
class Line:
    """What a line says; `line` counts from 1, as an editor shows it."""

    line: int
    order: str
    carrier: str = ""
    number: str = ""


@dataclass(frozen=True)
class Result:
    """What became of a line: shipped, already (so before), ready (only looked at), or refused and why."""

    line: Line
    outcome: str
    said: str
    carrier: str = ""
    is_guessed: bool = False
    trade: Trade | None = None


def text_of(upload: BinaryIO) -> str:
    """An uploaded file as text, in whichever encoding it was saved. Raises TooLarge, InvalidInput."""
    content = upload.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise TooLarge("A list of parcels has at most 1 MB.", field="upload")
    return content.decode(encoding_of(io.BytesIO(content)), errors="replace")


def lines_in(text: str) -> list[Line]:
    """The lines of a pasted list or a CSV file, with or without a heading. Raises InvalidInput (too many, nothing)."""
    text = text.lstrip("\ufeff").replace("\x00", "")
    first = next((each for each in text.splitlines() if each.strip()), "")
    cells = next(csv.reader([first], delimiter=_separator(first)), [])
    has_heading = any(_HEADINGS.get(cell.strip().lower()) == "order" for cell in cells) or "sep=" in first.lower()
    found = list(_by_heading(text) if has_heading else _by_place(text))
    if not found:
        raise InvalidInput("There is no line with an order in it.", field="text")
    if len(found) > MOST_LINES:
        raise InvalidInput(f"At most {MOST_LINES} lines at once; this has {len(found)}.", field="text")
    return found


def _separator(line: str) -> str:
    return max("\t;,|", key=line.count) if any(each in line for each in "\t;,|") else " "


def _by_heading(text: str) -> Iterator[Line]:
    for number, row in rows_in(io.StringIO(text, newline=""), name="the list"):
        said = {_HEADINGS[name]: cell for name, cell in row.items() if name in _HEADINGS and cell}
        if said:
            yield Line(number, said.get("order", "")[:60], said.get("carrier", "")[:60], said.get("number", "")[:60])


def _by_place(text: str) -> Iterator[Line]:
    """Order, carrier, number; of two the second is the number."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        separator = _separator(line)
        cells = line.split() if separator == " " else next(csv.reader([line], delimiter=separator))
        cells = [cell.strip()[:60] for cell in cells]
        if separator == " ":
            yield Line(number, cells[0], "", "".join(cells[1:])[:60])
        elif len(cells) < 3:
            yield Line(number, cells[0], "", "".join(cells[1:]))
        else:
            yield Line(number, cells[0], cells[1], cells[2])


def ship_many(*, lines: Sequence[Line], by: User, only_look: bool = False) -> list[Result]:
    """Ship the order of each line, each for itself: one that is refused does not keep the others back.

    Safe to repeat: an order that has left with the same number is told as `already`. `only_look` changes nothing.
    """
    numbers = {orders.plain_number(line.order) for line in lines}
    known = orders.by_number(seller=by, numbers=numbers)
    # Two lines of one order are the seller's mistake whichever comes first, unless they say the same.
    said = Counter((trade.pk for trade, _ in {(_only(known, line), _parcel(line)) for line in lines} if trade))
    return [_result(line, known, said, by, only_look) for line in lines]


def _only(known: dict[str, list[Trade]], line: Line) -> Trade | None:
    found = known.get(orders.plain_number(line.order), [])
    return found[0] if len(found) == 1 else None


def _parcel(line: Line) -> str:
    return plain_parcel_number(line.number)


def _result(line: Line, known: dict[str, list[Trade]], said: Counter, by: User, only_look: bool) -> Result:
    found = known.get(orders.plain_number(line.order), [])
    if not found:
        return Result(line, REFUSED, "No paid order of yours has this number.")
    if len(found) > 1:
        return Result(line, REFUSED, "Two of your orders end like this. Use the whole id of the order.")
    trade = found[0]
    if said[trade.pk] > 1:
        return Result(line, REFUSED, "This order stands in the list with different parcel numbers.", trade=trade)
    guessed = "" if line.carrier else carrier_of(line.number)
    carrier = line.carrier or guessed
    told = {"carrier": carrier, "is_guessed": bool(guessed), "trade": trade}
    if before := next(iter(trade.shipments.all()), None):
        return _told_before(line, before, told)
    try:
        if only_look:
            _check(trade, line)
            return Result(line, READY, "Will be marked as shipped.", **told)
        shipment = actions.ship(trade=trade, by=by, carrier=carrier, tracking_number=_parcel(line))
    except DomainError as error:
        now_there = Shipment.objects.filter(trade=trade, sender=by).first()  # the same list sent twice at once
        return _told_before(line, now_there, told) if now_there else Result(line, REFUSED, error.message, **told)
    trade._prefetched_objects_cache["shipments"] = [shipment]
    return Result(line, SHIPPED, "Marked as shipped; the buyer is told.", **told)


def _told_before(line: Line, before: Shipment, told: dict[str, object]) -> Result:
    if plain_parcel_number(before.tracking_number) == _parcel(line):
        return Result(line, SAME, "Was marked as shipped with this number before.", **told)
    was = f"with number {before.tracking_number}" if before.tracking_number else "without a number"
    return Result(line, REFUSED, f"Was marked as shipped before, {was}.", **told)


def _check(trade: Trade, line: Line) -> None:
    """What `ship` would refuse. Raises InvalidInput."""
    if trade.state != Trade.State.OPEN or trade.hold.state != HoldState.FUNDED:
        raise InvalidInput("This order is not waiting for its parcel.")
    if not line.number.strip() and trade.lines.filter(listing__shipping__is_tracked=True).exists():
        raise InvalidInput("This sale was offered with tracking. Enter the parcel's number.")
