"""What moved lately among what is held. Reads only."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.accounts.models import User
from apps.inventory.portfolio.asking import about, rows_of
from apps.inventory.portfolio.statements import MOVERS

MOVER_PERIODS = ("24h", "7d", "30d")


@dataclass(frozen=True)
class Mover:
    """A holding that moved: `effect` on the portfolio in `currency`, `percent` of the price."""

    variant_id: uuid.UUID
    condition: str
    copies: int
    value: Decimal
    effect: Decimal
    percent: Decimal
    product_id: uuid.UUID
    name: str
    number: str
    set_name: str
    finish: str
    language: str
    image_name: str


@dataclass(frozen=True)
class Moves:
    """What prices did to what is held now, in one period and currency; None where no change is known."""

    period: str
    total: Decimal | None = None
    percent: Decimal | None = None
    rows: tuple[Mover, ...] = ()


def movers(*, owner: User, currency: str, most: int = 5, unit: str = "") -> list[Moves]:
    """What moved in 24 hours, 7 and 30 days among what is held now; one query."""
    found: dict[str, list[tuple[Any, ...]]] = {period: [] for period in MOVER_PERIODS}
    for row in rows_of(MOVERS, about(owner, unit) | {"most": most}):
        if row[1] == currency:
            found[row[0]].append(row)
    return [
        Moves(period, rows[0][8], rows[0][9], tuple(Mover(*row[2:8], *row[10:]) for row in rows if row[6]))
        if rows
        else Moves(period)
        for period, rows in found.items()
    ]
