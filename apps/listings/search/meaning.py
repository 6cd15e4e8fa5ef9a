"""What the words of a search mean: cards as the catalogue understands them, and sellers by their names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection

from apps.catalog.search import meaning as catalog
from apps.catalog.search.meaning import Understood

MOST_RANKED = 3000
"""So many cards are told apart by how well they fit; text that means more of them is only a filter."""
_LIKE_A_SELLER = 0.6
_SURELY_A_SELLER = 0.95


@dataclass
class Meaning:
    """Conditions that a text puts on listings. Without a text there are none."""

    understood: Understood
    ranks: dict[UUID, float] | None = None
    words: str = ""
    sellers: list[UUID] = field(default_factory=list)
    or_sellers: list[UUID] = field(default_factory=list)
    seller_word: str = ""
    wants_ranks: bool = True

    @property
    def is_ranked(self) -> bool:
        """Whether the cards are told apart by how well they fit."""
        return bool(self.ranks)

    @property
    def is_known(self) -> bool:
        """Whether any card or seller is meant, for sale or not; so of no text."""
        return self.ranks != {} or bool(self.or_sellers)

    @property
    def suggestion(self) -> str:
        """What is shown instead of what was typed, where a word was mistyped."""
        shown = self.understood.suggestion
        return f"{shown} {self.seller_word}".strip() if shown else ""

    def condition(self, *, of_cards: str = "s.product_id = any(%(products)s::uuid[])") -> tuple[str, dict[str, Any]]:
        """SQL over `s` (listings_searchrow), and its parameters. of_cards: how the cards are asked for, where they are known."""
        parts, parameters = [], {}
        if self.ranks is not None:
            parts.append(of_cards)
            parameters["products"] = list(self.ranks)
        elif self.words:
            parts.append(
                "s.product_id in (select p.id from catalog_product p where p.search @@ to_tsquery('simple', %(words)s))"
            )
            parameters["words"] = self.words
        if self.sellers:
            parts.append("s.seller_id = any(%(sellers)s::uuid[])")
            parameters["sellers"] = self.sellers
        found = " and ".join(parts) or "true"
        if self.or_sellers:
            found = f"({found} or s.seller_id = any(%(or_sellers)s::uuid[]))"
            parameters["or_sellers"] = self.or_sellers
        return found, parameters


# Sellers whose name has a word like this one; and those whose name begins with the whole text (no word).
_SELLERS = """
select t.word, f.seller_id, word_similarity(t.word, f.words)
from unnest(%(words)s::text[]) as t (word) join listings_storefront f on f.words %%> t.word
where length(t.word) >= 3
union all
select '', f.seller_id, 1 from listings_storefront f
where length(catalog_words(%(text)s)) >= 3
  and (f.words = catalog_words(%(text)s) or f.words like catalog_words(%(text)s) || ' %%')
limit 400
"""


def meaning_of(text: str, *, ranked: bool = True) -> Meaning:
    """Read a text: at most eight queries, none for a blank one. ranked: whether it matters how well each card fits."""
    if not text:
        return Meaning(Understood(""))
    understood = catalog.understand(text)
    odd = [*understood.unknown, *understood.replaced]
    sellers, whole = _sellers(text, odd)
    chosen = {
        word: [pk for pk, likeness in found if likeness >= _needed(word, understood)] for word, found in sellers.items()
    }
    chosen = {word: found for word, found in chosen.items() if found}
    if not chosen:
        return _cards(Meaning(understood, or_sellers=whole, wants_ranks=ranked))
    rest = text
    for word in chosen:
        rest = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", " ", rest, flags=re.IGNORECASE)
    either = set.intersection(*(set(found) for found in chosen.values()))
    found = Meaning(
        catalog.understand(rest), sellers=sorted(either), or_sellers=whole, seller_word=" ".join(chosen),
        wants_ranks=ranked,
    )  # fmt: skip
    if not either:
        found.ranks = {}
        return found
    return _cards(found) if found.understood.text else found


def _needed(word: str, understood: Understood) -> float:
    return _LIKE_A_SELLER if word in understood.unknown else _SURELY_A_SELLER


def _sellers(text: str, words: list[str]) -> tuple[dict[str, list[tuple[UUID, float]]], list[UUID]]:
    found: dict[str, list[tuple[UUID, float]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_SELLERS, {"words": words, "text": text})
        for word, pk, likeness in cursor.fetchall():
            found.setdefault(word, []).append((pk, likeness))
    whole = [pk for pk, _ in found.pop("", [])]
    return found, whole


def _cards(found: Meaning) -> Meaning:
    """The cards that the rest of the text means, with the ladder of the catalogue's search: strict, no total, most words."""
    understood = found.understood
    for with_total, is_loose in ((True, False), (False, False), (False, True)):
        if is_loose and len(understood.words) < 2:
            break
        understood.is_loose = is_loose
        if _look(found, with_total=with_total):
            return found
        if with_total and understood.total is None and not is_loose:
            continue
    found.ranks = {}
    return found


def _look(found: Meaning, *, with_total: bool) -> bool:
    """Find the cards of one step of the ladder; whether there are any."""
    understood = found.understood
    ranked = True
    with connection.cursor() as cursor:
        if understood.words and not understood.is_loose and not understood.number_keys:
            ranked = found.wants_ranks  # all of them are taken below, whichever fit best
            cursor.execute(
                "select count(*) from (select from catalog_product p where p.search @@ to_tsquery('simple', %s) limit %s) f",
                [understood.tsquery, MOST_RANKED + 1],
            )
            if cursor.fetchone()[0] > MOST_RANKED:
                found.ranks, found.words = None, understood.tsquery
                return True
        matched, parameters = catalog.matched(understood, with_total=with_total, ranked=ranked)
        cursor.execute(
            f"select m.id, max(m.rank) from ({matched}) m group by m.id order by 2 desc limit %(most)s",  # noqa: S608
            parameters | {"most": MOST_RANKED},
        )
        found.ranks = dict(cursor.fetchall())
    return bool(found.ranks)
