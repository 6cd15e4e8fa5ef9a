"""Wanted cards as what the optimiser looks for: a pasted list, or a list of the member's wants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from apps.core.errors import InvalidInput
from apps.listings.cart.market import Want
from apps.listings.wants import queries
from apps.listings.wants.drafts import drafts_of
from apps.listings.wants.models import WantList

MOST_WANTS = 200


@dataclass(frozen=True)
class Wanted:
    """What to look for. said: each want's line as it was written; left_out: lines that are not looked for, and why."""

    wants: list[Want]
    said: Mapping[str, str]
    left_out: list[tuple[str, str]]


def wanted_in(
    text: str,
    *,
    conditions: Sequence[str] = (),
    languages: Sequence[str] = (),
    finishes: Sequence[str] = (),
    most_minor: int | None = None,
) -> Wanted:
    """A pasted list. A line that names several cards equally well, such as a name without a set, takes any of them.

    Raises InvalidInput (nothing in it, too many lines, or none that can be looked for).
    """
    drafts = drafts_of(
        text, most=MOST_WANTS, conditions=conditions, languages=languages, finishes=finishes, most_minor=most_minor
    )
    wants, said, left_out = [], {}, []
    for number, draft in enumerate(drafts):
        want = draft.want
        if want.state == want.State.UNKNOWN or not draft.cards or not draft.sure:
            left_out.append((want.said, want.reason))
            continue
        key = str(number)
        said[key] = want.said
        wants.append(
            Want(
                key, frozenset(map(str, draft.cards)), want.quantity, frozenset(want.conditions),
                frozenset(want.languages), frozenset(want.finishes), want.most_minor,
            )
        )  # fmt: skip
    if not wants:
        raise InvalidInput("None of these lines names a card that we know. " + left_out[0][1], field="text")
    return Wanted(wants, said, left_out)


def wanted_on(wanted: WantList, *, currency: str) -> Wanted:
    """What a list of wants still looks for, the oldest first; what has a price in another currency is left out.

    Raises InvalidInput where it looks for nothing.
    """
    copies = queries.wanted_copies(wanted=wanted)
    names = dict(wanted.wants.values_list("pk", "said"))
    wants, said, left_out = [], {}, []
    for each in copies:
        line = names.get(each.want_id, "")
        if each.most_minor is not None and each.currency != currency:
            left_out.append((line, f"Its price is in {each.currency}."))
        elif len(wants) == MOST_WANTS:
            left_out.append((line, f"At most {MOST_WANTS} lines are looked for at once."))
        else:
            key = str(each.want_id)
            said[key] = line
            wants.append(
                Want(
                    key, frozenset(map(str, each.products)), each.quantity, each.conditions, each.languages,
                    each.finishes, each.most_minor,
                )
            )  # fmt: skip
    if not wants:
        raise InvalidInput("Nothing on this list is looked for.", field="wanted")
    return Wanted(wants, said, left_out)


def missing_lines(missing: Mapping[str, int], said: Mapping[str, str]) -> list[tuple[str, int]]:
    """What a plan could not find, as it was written: (line, copies)."""
    return [(said[key], copies) for key, copies in missing.items() if key in said]
