"""REST: parts of histories and of trending lists, by cursor. Pure; over the rows as they are answered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

Row = dict[str, Any]
Position = tuple[str | None, ...]


def point_position(point: Row) -> Position:
    """Where a data point stands in its history, oldest first."""
    return str(point["timestamp"]), str(point["source"]), str(int(point["is_sale"]))


def _point_key(position: Sequence[str | None]) -> tuple[dt.datetime, str, str]:
    at, source, is_sale = position
    return dt.datetime.fromisoformat(str(at)), str(source), str(is_sale)


def points_after(points: Sequence[Row], position: Sequence[str | None]) -> list[Row]:
    """The points that follow a position, in their order. Raises ValueError where it is of another list."""
    place = _point_key(position)
    behind = [point for point in points if _point_key(point_position(point)) > place]
    return sorted(behind, key=lambda point: _point_key(point_position(point)))


def mover_position(row: Row) -> Position:
    """Where a card stands in a trending list: what its order is made of."""
    change = row["price_change"]
    told = (change["change_amount"], change["previous_price"], row["volume"], row["card"]["id"])
    return tuple(str(value) for value in told)


def _mover_key(position: Sequence[str | None], trend: str) -> tuple[Fraction, Fraction, str]:
    """The order of apps.valuations.queries.movers, from figures of two decimals: exactly the same ratio."""
    change, previous, volume, card = map(str, position)
    moved, before = Fraction(change), Fraction(previous)
    if trend == "most_watched":
        return -Fraction(volume), -abs(moved), card
    ratio = moved / before
    return (-ratio if trend == "gainers" else ratio), Fraction(0), card


def movers_after(rows: Sequence[Row], position: Sequence[str | None], trend: str) -> list[Row]:
    """The cards of a trending list that follow a position. Raises ValueError where it is of another list."""
    place = _mover_key(position, trend)
    return [row for row in rows if _mover_key(mover_position(row), trend) > place]
