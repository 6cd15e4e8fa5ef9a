"""What was typed, as one full-text condition and a rank. No page knows this SQL.

Words match from their beginning; a word that no product has is replaced by its nearest words; a number ("4/102",
"OP01-016") outranks a word, and a barcode everything. Where no product has all of the words, those that have most of them
are found.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from rapidfuzz.distance import OSA

from ml import gtin

LONGEST = 120
# Sites that tell toys of one number apart write a 1 behind the first, which no box has: 75192-1 is 75192.
_FIRST_OF_ITS_NUMBER = re.compile(r"(?<![\w/-])(\d{4,7})-1(?![\w/-])")
_TOTAL = re.compile(r"(?<![\w/])([A-Za-z]{0,5}\d{1,4}[a-z]?)\s*/\s*([A-Za-z]{0,5})(\d{1,4})(?![\w/])")


@dataclass
class Understood:
    """What was typed, as it was understood."""

    text: str
    words: list[str] = field(default_factory=list)
    replaced: dict[str, list[str]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    number_keys: list[str] = field(default_factory=list)
    total: int | None = None
    barcode: str = ""
    is_loose: bool = False

    @property
    def terms(self) -> list[str]:
        """A full-text condition a word: from its beginning, replaced words by any of their nearest."""
        terms = []
        for word in self.words:
            if word in self.replaced:
                terms.append("(" + " | ".join(f"'{near}'" for near in self.replaced[word]) + ")")
            elif word.isdigit():
                terms.append(f"'{word.lstrip('0') or '0'}'")
            else:
                terms.append(f"'{word}':*")
        return terms

    @property
    def tsquery(self) -> str:
        """Every word, or any where it is loose; empty when nothing is left to match."""
        return (" | " if self.is_loose else " & ").join(self.terms)

    @property
    def suggestion(self) -> str:
        """The text with its replaced words, for "showing results for"; empty when nothing was replaced."""
        if not self.replaced:
            return ""
        return " ".join(self.replaced.get(word, [word])[0] for word in self.words)


# One round trip tells the words apart, which of them begin a word of the catalogue, and what is near those that do not.
_VOCABULARY = """
with typed as materialized (
    select word collate "C" as word, min(at) as at, word ~ '[0-9]' or length(word) < 3
           or exists (select 1 from catalog_word k where k.word >= w.word and k.word < w.word || chr(1114111)) as is_known
    from regexp_split_to_table(catalog_words(%(text)s), ' ') with ordinality as w (word, at)
    where word <> '' group by word)
select t.word, t.is_known, near.words, near.frequencies
from typed t left join lateral (
    select array_agg(c.word) as words, array_agg(c.frequency) as frequencies from (
        select word, frequency from (
            select word, frequency from catalog_word where not t.is_known and word %% t.word
            union select word, frequency from catalog_word
            where not t.is_known and length(t.word) <= 4 and length(word) <= 5
              and word >= left(t.word, 1) and word < left(t.word, 1) || chr(1114111)) either
        order by similarity(word, t.word) desc limit 30) c
) near on true
order by t.at
"""


def understand(text: str) -> Understood:
    """Read what was typed. One query, none for blank text."""
    text = text.strip()[:LONGEST]
    found = Understood(text)
    if not text:
        return found
    found.barcode = gtin.normal(text) or ""
    rest = _FIRST_OF_ITS_NUMBER.sub(r"\1", text)
    if match := _TOTAL.search(rest):
        found.total = int(match[3])
        rest = f"{rest[: match.start()]} {match[1]} {rest[match.end() :]}"
    found.number_keys = [key for key in map(number_key, rest.split()) if re.search(r"\d", key)]
    with connection.cursor() as cursor:
        cursor.execute(_VOCABULARY, {"text": rest})
        for word, is_known, words, frequencies in cursor.fetchall():
            if is_known:
                found.words.append(word)
                continue
            nearest = _nearest(word, list(zip(words or [], frequencies or [], strict=True)))
            if nearest:
                found.words.append(word)
                found.replaced[word] = nearest
            else:
                found.unknown.append(word)
    return found


def number_key(piece: str) -> str:
    """As the database's catalognumber_key: OP01-016 is op1-16."""
    pieces = re.sub(r"[^0-9a-z]+", "-", piece.lower()).strip("-")
    return re.sub(r"(^|[^0-9])0+(?=[0-9])", r"\1", pieces)


def _nearest(word: str, candidates: list[tuple[str, int]]) -> list[str]:
    """At most three words that `word` may have been meant for, nearest first; the common one wins a tie.

    A candidate may be longer than what was typed: half-typed words are compared with its beginning, at half an edit.
    """
    allowed = 1 if len(word) < 5 else 2 if len(word) < 9 else 3
    scored = []
    for candidate, frequency in candidates:
        whole = OSA.distance(word, candidate)
        begun = OSA.distance(word, candidate[: len(word)]) + 0.5 if len(word) >= 5 else whole
        cost = min(whole, begun)
        if cost <= allowed:
            scored.append((cost, -frequency, candidate))
    scored.sort()
    return [candidate for cost, _, candidate in scored[:3] if cost <= scored[0][0] + 0.5]


def kept(understood: Understood) -> str:
    """Whether what matches is worked out first: it is what selects, except for blank text, where the facets do."""
    return "materialized" if understood.text else "not materialized"


def matched(
    understood: Understood, *, with_total: bool, within: str = "", ranked: bool = True
) -> tuple[str, dict[str, Any]]:
    """SQL of (id, rank) of the products that the text means, and its parameters. All products for blank text.

    within: the id of a set, for its products alone. Ranking costs more than finding: without `ranked` all ranks are 0.
    """
    sql, parameters = _matched(understood, with_total=with_total, ranked=ranked)
    if within:
        sql = f"""select f.id, f.rank from ({sql}) f join catalog_product scope on scope.id = f.id
            where scope.release_id = %(within)s"""  # noqa: S608 - fixed text
        parameters |= {"within": within}
    return sql, parameters


def _matched(understood: Understood, *, with_total: bool, ranked: bool) -> tuple[str, dict[str, Any]]:
    if not understood.text:
        return "select p.id, 0::real as rank from catalog_product p", {}
    if not understood.words:
        return "select p.id, 0::real as rank from catalog_product p where false", {}
    parameters: dict[str, Any] = {
        "query": understood.tsquery,
        "terms": understood.terms,
        "keys": understood.number_keys,
        "words": [word for word in understood.words if word not in understood.replaced],
        "plain": " ".join(understood.replaced.get(word, [word])[0] for word in understood.words),
    }
    total = ""
    if with_total and understood.total is not None:
        parameters["total"] = understood.total
        total = "and r.total_cards = %(total)s"
    if understood.number_keys and understood.total is not None:
        total += " and p.number_key = any(%(keys)s)"
    found = (_RANKED if ranked else _FOUND).format(total=total)
    if understood.is_loose:
        found = _MOST_WORDS.format(found=found)
    if understood.barcode:
        parameters["barcode"] = understood.barcode
        found = _BARCODE.format(found=found)
    return found, parameters


_FOUND = """select p.id, 0::real as rank
from to_tsquery('simple', %(query)s) as q (query), catalog_product p join catalog_release r on r.id = p.release_id
where p.search @@ q.query {total}"""
# The words of the name are worked out once a product, which "offset 0" sees to.
_RANKED = """select p.id, (ts_rank(p.search, q.query)
        + case when p.number_key = any(%(keys)s) then 4 else 0 end
        + case when catalog_unpadded(lower(r.code)) = any(%(words)s) or lower(r.code) = any(%(words)s)
                 or lower(r.abbreviation) = any(%(words)s) then 2 else 0 end
        + case when n.words = %(plain)s then 3
               when n.words like %(plain)s || '%%' then 1.5 + length(%(plain)s)::real / length(n.words)
               when split_part(n.words, ' ', 1) = any(%(words)s) then 1 else 0 end)::real as rank
    from to_tsquery('simple', %(query)s) as q (query), catalog_product p join catalog_release r on r.id = p.release_id
    cross join lateral (select catalog_words(p.name) as words offset 0) n
    where p.search @@ q.query {total}"""

_BARCODE = """
select b.product_id as id, 9::real as rank from catalog_barcode b where b.value = %(barcode)s
union all select f.id, f.rank from ({found}) f
where not exists (select 1 from catalog_barcode b where b.product_id = f.id and b.value = %(barcode)s)"""


# Of what has any of the words, what has most of them.
_MOST_WORDS = """
select id, rank from (
    select f.id, f.rank, hits, max(hits) over () as most from ({found}) f join catalog_product p on p.id = f.id, lateral (
        select count(*) as hits from unnest(%(terms)s::text[]) t where p.search @@ to_tsquery('simple', t)) counted) best
where hits = most"""
