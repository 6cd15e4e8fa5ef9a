"""A product as lists show it: its row, and the columns that a statement reads it from."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, fields
from typing import Any
from uuid import UUID

from apps.catalog.models import Finish

COLUMNS = """p.id, p.name, p.number, p.rarity, c.path, c.game, r.id, r.code, r.name, r.abbreviation, r.released_on,
       coalesce(i.file, ''), coalesce(i.source_url, ''), v.id, coalesce(v.finish, ''), coalesce(v.treatment, '')"""
"""Of product p, category c, release r, and where there are any, primary image i and variant v."""


@dataclass
class ProductRow:
    """A product as lists show it. `variant_id` is the printing that the filters ask for, else the default one."""

    id: UUID
    name: str
    number: str
    rarity: str
    category: str
    game: str
    release_id: UUID
    release_code: str
    release_name: str
    abbreviation: str
    released_on: dt.date | None
    image: str
    image_source: str
    variant_id: UUID | None
    finish: str
    treatment: str
    extras: dict[str, Any] = field(default_factory=dict)

    @property
    def set_code(self) -> str:
        """The code that collectors write: what is printed on the card, else the release's own."""
        return self.abbreviation or self.release_code

    @property
    def finish_label(self) -> str:
        """The finish in words."""
        return str(Finish(self.finish).label) if self.finish else ""


WIDTH = len(fields(ProductRow)) - 1
"""How many columns a row is read from; what is added to it later has none."""
