"""The orders in which results are told. Apps above may add to them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Sort:
    """A way to order results: SQL over `p` (catalog_product) and `r` (catalog_release), with a join where it needs one."""

    label: str
    order: str
    join: str = ""

    @property
    def keys(self) -> list[tuple[str, bool]]:
        """The expressions of `order`, and whether each is told from the highest down. What is unknown stands last in all."""
        parts = [part.strip() for part in re.split(r",\s*(?![^()]*\))", self.order)]
        plain = [part.removesuffix(" nulls last") for part in parts]
        return [(part.removesuffix(" desc"), part.endswith(" desc")) for part in plain]

    def following(self, position: Sequence[str | None]) -> tuple[str, dict[str, str]]:
        """SQL that holds for rows behind a position, and its parameters. Raises ValueError where it is of another order."""
        keys = self.keys
        if len(position) != len(keys):
            raise ValueError("a position of another order")
        sql, known = "false", {}
        for number, ((expression, falls), value) in reversed(list(enumerate(zip(keys, position, strict=True)))):
            name = f"%(place_{number})s"
            if value is None:
                sql = f"({expression} is null and {sql})"
                continue
            known[f"place_{number}"] = value
            behind = f"{expression} {'<' if falls else '>'} {name} or {expression} is null"
            sql = f"({behind} or {expression} = {name} and {sql})"
        return sql, known


SORTS: dict[str, Sort] = {
    "relevance": Sort("Relevance", "m.rank desc, r.released_on desc nulls last, p.number_sort, p.id"),
    "name": Sort("Name", "lower(p.name), r.released_on desc nulls last, p.number_sort, p.id"),
    "number": Sort("Number", "r.released_on desc nulls last, r.code, p.number_sort, p.number, p.id"),
    "newest": Sort("Newest", "r.released_on desc nulls last, r.code, p.number_sort, p.number, p.id"),
}
"""By name as it stands in the address. valuations adds the sorts by price."""
