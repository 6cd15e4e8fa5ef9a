"""How many listings a search has, and how many each choice of a facet leaves with all other facets applied.

The rows of some buckets, a fair sample of about five thousand, tell whether many match: then they stand for all, and the
figures are told as about so many. Up to `few` matches are counted one by one; beyond two thousand
the choices of their facets from about so many of them.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass, replace
from typing import Any

import redis
from django.core.cache import cache
from django.db import connection

from apps.catalog.languages import LANGUAGE_NAMES
from apps.catalog.models import Finish
from apps.core.conditions import Condition
from apps.core.countries import COUNTRIES
from apps.listings.search.asking import FACETS, Wanted
from apps.listings.search.conditions import conditions_of
from apps.listings.search.meaning import Meaning
from apps.listings.search.words import VERDICTS

MOST_VALUES = 30
_BUCKETS = 1000
_SAMPLE = 5_000
_MOST_COUNTED = 2_000
"""Of so many matches the tags are counted one by one."""
_KEPT_SECONDS, _KEPT_FROM = 60, 1000
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


_PROBE = "select '', count(*), null from (select from listings_searchrow s where {conditions} limit %(most)s) f"
# The tag '' stands for the row itself.
_EXACT = """
with few as materialized (select s.tags, s.bucket from listings_searchrow s where {conditions} limit %(most)s),
n as (select count(*) as rows from few)
select tag, rows, {label} from (
    select tag, count(*) as rows from few, unnest(few.tags) tag
    where few.bucket < (select %(counted)s * 1000 / greatest(rows, %(counted)s) from n) group by tag) t
union all select '', rows, null from n
"""
# All facets in one pass: a tag counts where the row fits every chosen facet but the tag's own.
_SAMPLED = """
select tag, rows, {label} from (
    select tag, count(*) as rows from (
        select s.tags {fits} from listings_searchrow s where {conditions} and s.bucket < %(buckets)s offset 0) f,
        unnest(f.tags || ''::varchar) tag where {others_fit} group by tag) t
"""
_LABEL = """case left(tag, 2) when 's:' then (select name from catalog_release where id = substr(tag, 3)::uuid)
    when 'g:' then (select name from catalog_category where path = substr(tag, 3)) end"""
Counted = list[tuple[str, int, str | None]]
"""Tags with how many rows have them, and their names; the tag '' is the rows themselves."""


@dataclass(frozen=True)
class _Search:
    """What is counted, and how: exactly up to `few`."""

    wanted: Wanted
    meaning: Meaning
    few: int
    with_facets: bool

    @property
    def key(self) -> str:
        """Of the answer in the cache."""
        asked = (conditions_of(self.wanted, self.meaning), self.few, self.with_facets)
        return "listing-counts:" + hashlib.sha256(repr(asked).encode()).hexdigest()


def counts_of(wanted: Wanted, meaning: Meaning, *, few: int, with_facets: bool = True) -> Counts:
    """Counts of a search. One query for a sample, one for exact counts where that says that few match, one more for each
    chosen facet then. What takes long is kept for a minute.
    """
    if meaning.ranks == {} and not meaning.or_sellers:
        return Counts(0, True, _arranged([], wanted) if with_facets else ())
    search = _Search(wanted, meaning, few, with_facets)
    if (kept := _kept(search.key)) is not None:
        return kept
    with connection.cursor() as cursor:
        rows = _rows(cursor)
        sample = _sampled(cursor, search, rows) if rows > few else None
        found = _exactly(cursor, search, sample) if sample is None or _total(sample) < few else None
        if found is None:
            sample = sample or _sampled(cursor, search, rows)
            facets = _arranged(sample, wanted) if with_facets else ()
            found = Counts(max(_total(sample), few + 1), False, facets)
    if found.total > _KEPT_FROM:
        _keep(search.key, found)
    return found


def _kept(key: str) -> Counts | None:
    try:
        return cache.get(key)
    except redis.RedisError:
        return None


def _keep(key: str, found: Counts) -> None:
    with contextlib.suppress(redis.RedisError):  # without it all is counted anew
        cache.set(key, found, _KEPT_SECONDS)


def _rows(cursor: Any) -> int:
    """How many search rows there are in all, about."""
    cursor.execute("select greatest(reltuples, 1)::bigint from pg_class where oid = 'listings_searchrow'::regclass")
    return cursor.fetchone()[0]


def _total(counted: Counted) -> int:
    return next((count for tag, count, _ in counted if not tag), 0)


def _sampled(cursor: Any, search: _Search, rows: int) -> Counted:
    """Counts by a sample, told as about so many: of every facet with the others applied."""
    buckets = max(1, min(_BUCKETS, round(_BUCKETS * _SAMPLE / rows)))
    wanted = search.wanted
    conditions, parameters = conditions_of(replace(wanted, facets={}), search.meaning)
    chosen = {FACETS[name][0]: tags for name, tags in wanted.tags.items()}
    fits = "".join(f", s.tags && %(tags_{letter})s::varchar[] as fits_{letter}" for letter in chosen)
    others = [f"(f.fits_{letter} or left(tag, 2) = '{letter}:')" for letter in chosen]
    if not search.with_facets:
        others.append("tag = ''")
    sql = _SAMPLED.format(conditions=conditions, fits=fits, others_fit=" and ".join(others) or "true", label=_LABEL)
    parameters |= {f"tags_{letter}": tags for letter, tags in chosen.items()} | {"buckets": buckets}
    cursor.execute(sql, parameters)
    return _scaled(cursor.fetchall(), _BUCKETS / buckets)


def _scaled(counted: Counted, scale: float) -> Counted:
    """Counts of all from those of a sample, rounded to two digits; of the rows themselves not yet."""
    return [(tag, about(round(count * scale)) if tag else round(count * scale), label) for tag, count, label in counted]


def _exactly(cursor: Any, search: _Search, sample: Counted | None) -> Counts | None:
    """Exact counts; None where more than `few` match. A facet whose other choices are many is told from the sample."""
    wanted, few = search.wanted, search.few
    counted = _matched(cursor, search, conditions_of(wanted, search.meaning))
    total = _total(counted)
    if total > few:
        return None
    if not search.with_facets:
        return Counts(total, True)
    chosen = {FACETS[name][0]: name for name in wanted.facets}
    told = [row for row in counted if row[0][:1] not in chosen]
    for letter, name in chosen.items():
        rough = [row for row in sample or () if row[0].startswith(f"{letter}:")]
        freed = None
        if sum(count for _, count, _ in rough) < few:
            freed = _matched(cursor, search, conditions_of(wanted, search.meaning, without=name))
        if freed is None or _total(freed) > few:
            freed = rough or _sampled(cursor, search, _rows(cursor))
        told += [row for row in freed if row[0].startswith(f"{letter}:")]
    return Counts(total, True, _arranged(told, wanted))


def _matched(cursor: Any, search: _Search, asked: tuple[str, dict[str, Any]]) -> Counted:
    conditions, parameters = asked
    sql = _EXACT if search.with_facets else _PROBE
    parameters |= {"most": search.few + 1, "counted": _MOST_COUNTED}
    cursor.execute(sql.format(conditions=conditions, label=_LABEL), parameters)
    counted = cursor.fetchall()
    total = _total(counted)
    if total <= _MOST_COUNTED:
        return counted
    told = [row for row in counted if row[0]]
    return [("", total, None), *_scaled(told, _BUCKETS / (_MOST_COUNTED * _BUCKETS // total))]


def _arranged(counted: list[tuple[str, int, str | None]], wanted: Wanted) -> tuple[Facet, ...]:
    found: dict[str, list[Choice]] = {name: [] for name in FACETS}
    seen: set[tuple[str, str]] = set()
    for tag, count, label in counted:
        if not tag:
            continue
        name, value = _LETTERS[tag[0]], tag[2:]
        selected = value in wanted.facets.get(name, ())
        found[name].append(Choice(value, label or label_of(name, value), count, selected))
        seen.add((name, value))
    for name, values in wanted.facets.items():
        # What was chosen and leaves nothing is still shown, to be taken back.
        found[name] += [Choice(v, label_of(name, v), 0, True) for v in values if (name, v) not in seen]
    for name, choices in found.items():
        if name == "price":
            choices.sort(key=lambda each: each.value)
        else:
            choices.sort(key=lambda each: (not each.selected, -each.count, each.label))
    return tuple(Facet(name, FACETS[name][1], tuple(found[name][:MOST_VALUES])) for name in FACETS)


def label_of(facet: str, value: str) -> str:
    """A choice as readers know it; the value itself where only the database has its name (games, sets)."""
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
