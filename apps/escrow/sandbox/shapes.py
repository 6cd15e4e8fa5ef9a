"""Small pieces that several kinds of object share: addresses and metadata."""

from __future__ import annotations

from apps.escrow.sandbox.books import Obj
from apps.escrow.sandbox.parameters import group, text

LINES = ("city", "country", "line1", "line2", "postal_code", "state")
ADDRESS = group({line: text for line in LINES})


def empty_address() -> Obj:
    """An address of which nothing is known."""
    return dict.fromkeys(LINES)


def merged_metadata(old: dict[str, str], new: dict[str, str] | None) -> dict[str, str]:
    """Stripe's rule: names are added or replaced one by one, an empty value removes a name."""
    return {key: value for key, value in {**old, **(new or {})}.items() if value != ""}
