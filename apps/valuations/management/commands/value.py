"""`manage.py value SALES.csv --as-of DATE --json`: fair value out of a file of sales, without a database."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.conditions import condition_from, graded_state_from
from apps.core.errors import DomainError
from apps.valuations import sales_file
from apps.valuations.fair_value import MODEL_VERSION, FairValue, fair_value, half_life
from apps.valuations.graded import state_number

MOST_TOLD = 20


class Command(BaseCommand):
    """Value what a file of sales tells."""

    help = (
        "Fair value out of a CSV with the columns date and price and, where told, condition, grade, source, quantity, "
        "kind (sale, quote, ask), seller and buyer. Reads no database."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, the day, and what is wanted."""
        parser.add_argument("sales", type=Path)
        parser.add_argument("--as-of", type=_day, help="day to value on; later rows are not known then (default today)")
        parser.add_argument("--condition", default="NM", help="wanted condition in any site's words (default NM)")
        parser.add_argument("--grade", default="", help='wanted grade such as "PSA 9", instead of a condition')
        parser.add_argument("--category", default="trading-cards", help="category's path, which sets the half-life")
        parser.add_argument("--skip-bad", action="store_true", help="leave rows out that cannot be read")
        parser.add_argument("--json", action="store_true", help="one JSON object, with every comparable and its weight")

    def handle(
        self, *, sales: Path, as_of: dt.date | None, category: str, skip_bad: bool, json: bool, **wanted: Any
    ) -> None:
        """Read, value and tell; bad rows stop it with their lines."""
        state = _state(wanted["condition"], wanted["grade"])
        as_of = as_of or dt.datetime.now(dt.UTC).date()
        if not sales.is_file():
            raise CommandError(f"There is no file {sales}.")
        try:
            told = sales_file.read(sales, as_of=as_of, category=category)
        except DomainError as error:
            raise CommandError(error.message) from None
        if told.bad and not skip_bad:
            raise CommandError(_refusal(sales, told.bad))
        if not len(told.comparables):
            later = f"; {told.later} are of later days" if told.later else ""
            raise CommandError(f"{sales} has no sale up to {as_of}{later}.")
        found = fair_value(told.comparables, half_life_days=half_life(category), condition=state)
        self.stdout.write(_as_json(found, told, as_of) if json else "\n".join(_as_text(found, told, as_of)))


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def _state(condition: str, grade: str) -> int:
    if grade:
        state = graded_state_from(grade)
        if state is None:
            raise CommandError(f"{grade!r} is not a grade.")
        return state_number(state)
    known = condition_from(condition)
    if known is None:
        raise CommandError(f"{condition!r} is not a condition.")
    return state_number(known)


def _refusal(path: Path, bad: list[sales_file.BadRow]) -> str:
    shown = [f"{path}, {row}" for row in bad[:MOST_TOLD]]
    if len(bad) > MOST_TOLD:
        shown.append(f"and {len(bad) - MOST_TOLD} more")
    return "\n".join([*shown, "Correct these rows, or leave them out with --skip-bad."])


def _as_json(found: FairValue, told: sales_file.SalesFile, as_of: dt.date) -> str:
    return json.dumps(
        {
            "value": round(found.value, 2),
            "low": round(found.low, 2),
            "high": round(found.high, 2),
            "confidence": round(found.confidence, 3),
            "n": found.n,
            "method": found.method,
            "as_of": as_of.isoformat(),
            "model_version": MODEL_VERSION,
            "later": told.later,
            "skipped": [{"line": row.line, "reason": row.reason} for row in told.bad],
            "reasons": list(found.reasons),
            "comparables": [
                {
                    "price": each.price,
                    "converted": round(each.converted, 2),
                    "age_days": each.age,
                    "weight": round(each.weight, 6),
                    "share": round(each.share, 6),
                    "left_out": each.left_out,
                }
                for each in found.weighed
            ],
        },
        indent=1,
    )


def _as_text(found: FairValue, told: sales_file.SalesFile, as_of: dt.date) -> list[str]:
    return [
        f"value       {found.value:,.2f}",
        f"low         {found.low:,.2f}",
        f"high        {found.high:,.2f}",
        f"confidence  {found.confidence:.2f}",
        f"n           {found.n}",
        f"method      {found.method}, {MODEL_VERSION}, as of {as_of}",
        *([f"not known then: {told.later}"] if told.later else []),
        *([f"left out: {row}" for row in told.bad]),
        "",
        *found.reasons,
        "",
        f"{'price':>10} {'as wanted':>10} {'days':>6} {'weight':>8} {'share':>7} {'until':>7}",
        *(
            f"{each.price:>10,.2f} {each.converted:>10,.2f} {each.age:>6.0f} {each.weight:>8.3f} {each.share:>7.1%} "
            + (f"left out: {each.left_out}" if each.left_out else f"{each.until:>7.1%}")
            for each in found.weighed
        ),
    ]
