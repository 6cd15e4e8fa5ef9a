"""How many listings a search has, and how many each choice of a facet leaves with all other facets applied.

Up to `few` matches are counted one by one. Beyond that the rows of some buckets, a fair sample of about five thousand, stand
for all: the figures are then told as about so many.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db import connection

from apps.catalog.models import Finish
from apps.catalog.queries import LANGUAGE_NAMES
from apps.core.conditions import Condition
from apps.core.countries import COUNTRIES
from apps.listings.search.asking import FACETS, Wanted
from apps.listings.search.conditions import conditions_of
from apps.listings.search.meaning import Meaning
from apps.listings.search.words import VERDICTS

MOST_VALUES = 30
_BUCKETS = 1000
_SAMPLE = 5_000
_ONE_EACH = ("tracked", "language", "finish", "country", "price", "graded")
"""Facets of which every listing has exactly one value: their counts add up to the total."""
_KEPT_SECONDS = 60
BANDS = ("Under 1", "1 to 5", "5 to 20", "20 to 100", "100 to 500", "500 and more")
_NAMES = dict(COUNTRIES)
_LETTERS = {letter: name for name, (letter, _) in FACETS.items()}


@dataclass(frozen=True)
class Choice:
    """One value of a facet and how many listings it leaves."""

    value: str
    label: str
    count: int
    selected: bool


@dataclass(frozen=True)
class Facet:
    """A facet with its choices, most frequent first."""

    name: str
    label: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Counts:
    """How many listings a search has, exactly or about, and its facets."""

    total: int
    is_exact: bool
    facets: tuple[Facet, ...] = ()

    @property
    def in_words(self) -> str:
        """1,234, or "about 120,000"."""
        return f"{self.total:,}" if self.is_exact else f"about {about(self.total):,}"


def about(count: int) -> int:
    """Two leading digits: 123,456 is about 120,000."""
    step = 10 ** max(len(str(count)) - 2, 0)
    return round(count / step) * step


_PROBE = "select count(*) from (select 1 from listings_searchrow s where {conditions} limit %(few)s) f"
_COUNT = """
select tag, sum(rows)::bigint, {label} from (
    select tag, count(*) as rows from listings_searchrow s, unnest(s.tags) tag where {conditions} and {sample} group by tag) t
where {letters} group by tag
"""
_LABEL = """case left(tag, 2) when 's:' then (select name from catalog_release where id = substr(tag, 3)::uuid)
    when 'g:' then (select name from catalog_category where path = substr(tag, 3)) end"""


def counts_of(wanted: Wanted, meaning: Meaning, *, few: int, with_facets: bool = True) -> Counts:
    """Counts of a search: one query where few match and no facet is chosen, one more for each facet that is."""
    with connection.cursor() as cursor:
        conditions, parameters = conditions_of(wanted, meaning)
        cursor.execute(_PROBE.format(conditions=conditions), parameters | {"few": few + 1})
        total = cursor.fetchone()[0]
        if total <= few and not (with_facets and wanted.facets):
            facets = _arranged(_counted(cursor, conditions, parameters, "", 0), wanted) if with_facets and total else ()
            return Counts(total, True, facets)
        if total <= few and not with_facets:
            return Counts(total, True)
        key = "listing-counts:" + hashlib.sha256(repr((conditions, parameters, few, with_facets)).encode()).hexdigest()
        kept = cache.get(key) if total > few else None
        if kept is not None:
            return kept
        found = _widely(cursor, wanted, meaning, total, few, with_facets=with_facets)
        if not found.is_exact:
            cache.set(key, found, _KEPT_SECONDS)
        return found


def _widely(cursor: Any, wanted: Wanted, meaning: Meaning, total: int, few: int, *, with_facets: bool) -> Counts:
    """Facets one by one where they are chosen, each without itself; sampled where many match."""
    buckets = _sampled_buckets(cursor)
    conditions, parameters = conditions_of(wanted, meaning)
    is_exact = total <= few
    counted: list[tuple[str, int, str | None]] = []
    if with_facets:
        others = [letter for letter, name in _LETTERS.items() if name not in wanted.facets]
        counted += _counted(cursor, conditions, parameters, "".join(others), 0 if is_exact else buckets)
        for name in wanted.facets:
            freed, more = conditions_of(wanted, meaning, without=name)
            cursor.execute(_PROBE.format(conditions=freed), more | {"few": few + 1})
            is_wide = cursor.fetchone()[0] > few
            counted += _counted(cursor, freed, more, FACETS[name][0], buckets if is_wide else 0)
    if not is_exact:
        letter = next((FACETS[name][0] for name in _ONE_EACH if with_facets and name not in wanted.facets), "")
        if letter:
            found = sum(count for tag, count, _ in counted if tag.startswith(f"{letter}:"))
        else:
            cursor.execute(
                f"select count(*) from listings_searchrow s where {conditions} and s.bucket < %(buckets)s",  # noqa: S608
                parameters | {"buckets": buckets},
            )
            found = cursor.fetchone()[0] * _BUCKETS // buckets
        total = max(found, total)
    return Counts(total, is_exact, _arranged(counted, wanted))


def _sampled_buckets(cursor: Any) -> int:
    """How many buckets hold about as many rows as a sample needs."""
    cursor.execute("select greatest(reltuples, 1) from pg_class where oid = 'listings_searchrow'::regclass")
    return max(1, min(_BUCKETS, round(_BUCKETS * _SAMPLE / cursor.fetchone()[0])))


def _counted(
    cursor: Any, conditions: str, parameters: dict[str, Any], letters: str, buckets: int
) -> list[tuple[str, int, str | None]]:
    """Tags with their counts and names; of these letters alone where they are named, from some buckets where asked."""
    counts = _COUNT.format(
        conditions=conditions,
        label=_LABEL,
        sample="s.bucket < %(buckets)s" if buckets else "true",
        letters="left(tag, 1) = any(%(letters)s)" if letters else "true",
    )
    cursor.execute(counts, parameters | {"letters": list(letters), "buckets": buckets})
    scale = _BUCKETS / buckets if buckets else 1
    return [(tag, about(round(count * scale)) if buckets else count, label) for tag, count, label in cursor.fetchall()]


def _arranged(counted: list[tuple[str, int, str | None]], wanted: Wanted) -> tuple[Facet, ...]:
    found: dict[str, list[Choice]] = {name: [] for name in FACETS}
    seen: set[tuple[str, str]] = set()
    for tag, count, label in counted:
        name, value = _LETTERS[tag[0]], tag[2:]
        selected = value in wanted.facets.get(name, ())
        found[name].append(Choice(value, _label(name, value, label), count, selected))
        seen.add((name, value))
    for name, values in wanted.facets.items():
        # What was chosen and leaves nothing is still shown, to be taken back.
        found[name] += [Choice(v, _label(name, v, None), 0, True) for v in values if (name, v) not in seen]
    for name, choices in found.items():
        if name == "price":
            choices.sort(key=lambda each: each.value)
        else:
            choices.sort(key=lambda each: (not each.selected, -each.count, each.label))
    return tuple(Facet(name, FACETS[name][1], tuple(found[name][:MOST_VALUES])) for name in FACETS)


def _label(facet: str, value: str, label: str | None) -> str:
    if label:
        return label
    known: dict[str, dict[str, str]] = {
        "condition": {str(code): str(name) for code, name in Condition.choices},
        "deal": VERDICTS,
        "language": LANGUAGE_NAMES,
        "finish": {str(code): str(name) for code, name in Finish.choices},
        "graded": {"no": "Not graded"},
        "country": _NAMES,
        "tracked": {"yes": "With tracking", "no": "Without tracking"},
        "price": {str(number): name for number, name in enumerate(BANDS)},
    }
    return known.get(facet, {}).get(value, value)
