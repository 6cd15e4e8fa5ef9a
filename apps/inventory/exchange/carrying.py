"""What a format can say of an item, and what it writes. Pure: plain facts in, cells out."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from apps.catalog.models import Finish
from apps.core.conditions import Condition
from apps.core.money import Money
from apps.inventory.exchange.layouts import IDS, Format

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_MOST_BREAKS = 100


@dataclass(frozen=True, slots=True)
class Facts:
    """An item as a file may say it. ids: other sites' names of the card; is_only: of a site, whether it names it alone."""

    name: str
    set_code: str
    set_name: str
    number: str
    finish: str
    language: str
    quantity: int = 1
    treatment: str = ""
    condition: str = ""
    grade_company: str = ""
    grade: Decimal | None = None
    unit_cost_minor: int | None = None
    currency: str = "USD"
    acquired_on: dt.date | None = None
    binder: str = ""
    notes: str = ""
    variant_id: str = ""
    rarity: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)


LABELS = {
    "card": "the card itself (it has no id there)",
    "finish": "the finish",
    "treatment": "the treatment",
    "language": "the language",
    "condition": "the condition",
    "grade": "the grade",
    "cost": "what it cost",
    "acquired_on": "the day you got it",
    "binder": "the binder",
    "notes": "the notes",
}
"""What may be lost, for the reader."""


def lost_in(facts: Facts, into: Format) -> list[str]:
    """What the format cannot say of the item: keys of LABELS, in their order. Empty: it comes back as it was."""
    says = into.says
    by_name = bool({"name", "variant_id"} & says)
    lost = {
        "card": not by_name and not any(facts.ids.get(site) for site in IDS if site in says),
        "finish": facts.finish not in into.finishes and (bool(into.finishes) or facts.finish != Finish.NORMAL),
        "treatment": bool(facts.treatment) and "treatment" not in says,
        "language": facts.language not in into.languages and (bool(into.languages) or facts.language != "en"),
        "condition": facts.grade is None and not into.conditions and facts.condition != Condition.NM,
        "grade": facts.grade is not None and "grade" not in says,
        "cost": facts.unit_cost_minor is not None and not _carries_cost(facts, into),
        "acquired_on": facts.acquired_on is not None and "acquired_on" not in says,
        "binder": bool(facts.binder) and "binder" not in says,
        "notes": bool(facts.notes) and "notes" not in says,
    }
    return [name for name in LABELS if lost[name]]


def _carries_cost(facts: Facts, into: Format) -> bool:
    """Elsewhere a cost of zero means that none was noted."""
    if "cost" not in into.says or (facts.unit_cost_minor == 0 and into.slug != "cardvault"):
        return False
    return "currency" in into.says or facts.currency == into.currency


def cells_of(facts: Facts, into: Format) -> list[str]:
    """The item as a row of the format. What it cannot say is left blank, or comes as near as it can."""
    return [
        escaped(_WRITE[column.says](facts, into)) if column.says in _WRITE else column.otherwise
        for column in into.columns
    ]


def escaped(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe goes before it. `reading.unescaped` takes it off.

    Source: OWASP, CSV Injection.
    """
    if cell.count("\n") > _MOST_BREAKS:
        cell = " ".join(cell.split())
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _amount(facts: Facts, into: Format) -> str:
    if facts.unit_cost_minor is None or not _carries_cost(facts, into):
        return ""
    return str(Money(facts.unit_cost_minor, facts.currency).decimal)


def _finish(facts: Facts, into: Format) -> str:
    if facts.finish in into.finishes:
        return into.finishes[Finish(facts.finish)]
    return into.finishes.get(Finish.NORMAL if facts.finish == Finish.SEALED else Finish.FOIL, "")


def _counted(facts: Facts, into: Format, *, foils: bool) -> str:
    """Copies, or 0 in the other column where foils are counted apart."""
    if "foil_quantity" not in into.says:
        return str(facts.quantity)
    return str(facts.quantity if foils == (facts.finish != Finish.NORMAL) else 0)


def _condition(facts: Facts, into: Format) -> str:
    return into.conditions.get(Condition(facts.condition), "") if facts.condition else ""


_WRITE: dict[str, Callable[[Facts, Format], str]] = {
    "quantity": lambda facts, into: _counted(facts, into, foils=False),
    "foil_quantity": lambda facts, into: _counted(facts, into, foils=True),
    "name": lambda facts, into: facts.name,
    "set": lambda facts, into: facts.set_name,
    "set_code": lambda facts, into: facts.set_code,
    "set_name": lambda facts, into: facts.set_name,
    "number": lambda facts, into: facts.number,
    "finish": _finish,
    "reverse": lambda facts, into: "1" if facts.finish == Finish.REVERSE_HOLOFOIL else "",
    "first_edition": lambda facts, into: "1" if facts.finish.startswith("first-edition") else "",
    "treatment": lambda facts, into: facts.treatment,
    "language": lambda facts, into: into.languages.get(facts.language, ""),
    "condition": _condition,
    "grade": lambda facts, into: "" if facts.grade is None else f"{facts.grade_company} {facts.grade.normalize():f}",
    "cost": _amount,
    "currency": lambda facts, into: facts.currency,
    "acquired_on": lambda facts, into: facts.acquired_on.isoformat() if facts.acquired_on else "",
    "binder": lambda facts, into: facts.binder,
    "notes": lambda facts, into: facts.notes,
    "owned": lambda facts, into: "binder",
    "variant_id": lambda facts, into: facts.variant_id,
    **{site: (lambda facts, into, site=site: facts.ids.get(site, "")) for site in IDS},  # type: ignore[misc]
}
