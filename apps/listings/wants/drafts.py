"""What lines ask for before they stand on a list: read, and held against the catalogue in one set. Nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from apps.catalog.models import Product
from apps.core.errors import InvalidInput
from apps.inventory.exchange.reading import Defaults, reading_of
from apps.listings.wants import matching
from apps.listings.wants.models import Want
from apps.listings.wants.reading import Line, lines_in

MOST_COPIES = 9999
_State = Want.State


@dataclass(frozen=True)
class Draft:
    """A line that is on no list yet. cards: what it names; sure: nothing that it says contradicts them."""

    want: Want
    cards: tuple[UUID, ...]
    sure: bool


@transaction.atomic
def drafts_of(
    text: str,
    *,
    most: int,
    conditions: Sequence[str] = (),
    languages: Sequence[str] = (),
    finishes: Sequence[str] = (),
    most_minor: int | None = None,
) -> list[Draft]:
    """The lines of a pasted or exported list in their order; what is accepted holds for all of them.

    A few queries for all lines. Raises InvalidInput where there is no line with a card, or more than `most`.
    """
    lines = lines_in(text)
    if not lines:
        raise InvalidInput("There is no line with a card in it.", field="text")
    if len(lines) > most:
        raise InvalidInput(f"At most {most:,} lines have room; there are {len(lines):,}.", field="text")
    accepted = {
        "conditions": list(conditions), "languages": list(languages), "finishes": list(finishes),
        "most_minor": most_minor,
    }  # fmt: skip
    named = matching.cards_named(lines)
    return [_draft(line, found, accepted) for line, found in zip(lines, named, strict=True)]


def _draft(line: Line, found: matching.Named, accepted: Mapping[str, object]) -> Draft:
    """What a line says itself goes before what holds for all lines."""
    reading = reading_of(line.said, Defaults())
    own = {
        "conditions": [reading.condition] if line.said.get("condition") and reading.condition else [],
        "languages": [reading.language] if line.said.get("language") and reading.language else [],
        "finishes": [reading.finish] if reading.finish else [],
    }
    count, reason = len(found.cards), ""
    if reading.problem in ("quantity", "name", "broken", "more"):
        state, reason = _State.UNKNOWN, reading.reason
    elif count == 0:
        state, reason = _State.UNKNOWN, "The catalogue has no such card."
    elif count == 1 and found.sure:
        state = _State.OPEN
    else:
        state = _State.UNCLEAR
        reason = (
            f"It may be any of {count} cards."
            if found.sure
            else "Not found as it is written; perhaps it is one of these."
        )
    want = Want(
        state=state, said=line.text, reason=reason[:200], quantity=min(max(reading.quantity, 1), MOST_COPIES),
        **{**accepted, **{name: words for name, words in own.items() if words}},
    )  # fmt: skip
    return Draft(want, found.cards, found.sure)


def take_any_printing(drafts: Sequence[Draft]) -> None:
    """Open those lines that may be several cards of one name: any printing will do, later ones too. One query."""
    unclear = [draft for draft in drafts if draft.want.state == _State.UNCLEAR and draft.sure]
    cards = Product.objects.only("name", "category").in_bulk({card for draft in unclear for card in draft.cards})
    for draft in unclear:
        names = {(cards[card].name, cards[card].category_id) for card in draft.cards}
        if len(names) == 1:
            draft.want.state, draft.want.reason = _State.OPEN, ""
            draft.want.any_name, draft.want.any_category_id = next(iter(names))
