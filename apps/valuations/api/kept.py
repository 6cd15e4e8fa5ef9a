"""Answers about cards and prices, kept for everybody alike: worked out from plain parameters, never from a request.

The lifetimes are in apps/core/answers.py. What is about a card is worked out anew when a price of it changes; what is
about many, when a price of its game does.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from apps.catalog import queries as catalog
from apps.catalog.api import known_game, plain
from apps.catalog.models import Variant
from apps.catalog.queries import ProductDetail
from apps.catalog.search.results import search_products
from apps.core import answers
from apps.core.answers import Answer
from apps.core.errors import InvalidInput
from apps.valuations import queries
from apps.valuations.api.output import (
    CardFacetOutput,
    CardFacts,
    FoundCard,
    HistoryOutput,
    SetWithValue,
    SourceOutput,
    TrendingOutput,
)
from apps.valuations.queries import History, Mover, Price, SetWorth

ALL_PRICES = "prices"
TRENDS = {"gainers": "gainers", "losers": "losers", "most_watched": "active"}
WARM_PERIODS = ("7d", "30d", "3m")
WARM_CARDS = 100


def about_card(product_id: UUID) -> str:
    """What answers about one card are about."""
    return f"card:{product_id}"


def about_game(game: str) -> str:
    """What answers about the prices of a game are about; of all games for the empty one."""
    return f"{ALL_PRICES}:{answers.hashed(game)}" if game else ALL_PRICES


@dataclass(frozen=True, kw_only=True)
class Search:
    """A search of cards, as the query string told it."""

    text: str = ""
    game: str = ""
    release: str = ""
    rarity: str = ""
    finish: str = ""
    language: str = ""
    sort: str = "relevance"
    limit: int = 20
    offset: int = 0
    after: tuple[str | None, ...] | None = None
    facets: bool = False


def search(asked: Search) -> Answer:
    """A page of cards, and with `last` the position of its last one. Raises InvalidInput on an unknown game."""

    def look() -> dict[str, object]:
        try:
            found = search_products(
                text=asked.text, category=known_game(asked.game), release=asked.release, rarity=asked.rarity,
                finish=asked.finish, language=asked.language, sort=asked.sort, limit=asked.limit, offset=asked.offset,
                after=asked.after, facets=asked.facets,
            )  # fmt: skip
        except ValueError:
            raise InvalidInput("This cursor is of another order of cards.", field="cursor") from None
        answer: dict[str, object] = {
            "cards": plain(FoundCard(found.page.rows, many=True).data),
            "pagination": found.page.envelope(),
            "last": found.last,
            "suggestion": found.suggestion,
            "all_words": not found.understood.is_loose,
        }
        return answer | ({"facets": plain(CardFacetOutput(found.facets, many=True).data)} if asked.facets else {})

    key = answers.key_of("search", answers.hashed(asked.game), answers.hashed(asked))
    return answers.kept(key, look, about=[ALL_PRICES])


def printing(detail: ProductDetail, asked: UUID | None) -> Variant | None:
    """The printing asked for, else the ordinary one. Raises InvalidInput where it is not one of this card."""
    known = [str(variant.pk) for variant in detail.variants]
    if asked and str(asked) not in known:
        raise InvalidInput(
            "This card has no such printing; its printings are in `variants` of the card.",
            field="variant_id", given=str(asked), known=known,
        )  # fmt: skip
    return detail.variant(asked)


def card(product_id: UUID, variant_id: UUID | None, condition: str) -> Answer:
    """One card with its price. Raises CardNotFound, InvalidInput."""

    def look() -> dict[str, object]:
        detail = catalog.product_detail(product_id)
        variant = printing(detail, variant_id)
        known = queries.prices_for([variant.pk]) if variant else {}
        pk = variant.pk if variant else None
        price = known.get((pk, condition)) or Price(pk, condition)
        return plain(CardFacts({"detail": detail, "price": price, "grades": queries.grades_of(known.values())}).data)

    key = answers.key_of("card", product_id, variant_id or "ordinary", condition)
    return answers.kept(key, look, about=[about_card(product_id)])


def history(product_id: UUID, variant_id: UUID | None, condition: str, period: str, source: str) -> Answer:
    """How a price went; source "all" or a slug. Raises CardNotFound, InvalidInput."""

    def look() -> dict[str, object]:
        known = ["all", *queries.source_slugs()]
        if source not in known:
            raise InvalidInput(f"source is one of {', '.join(known)}.", field="source", given=source, known=known)
        detail = catalog.product_detail(product_id)
        variant = printing(detail, variant_id)
        if variant is None:
            told = History(None, condition, period, "USD", (), ())
        else:
            told = queries.history(variant.pk, period, "" if source == "all" else source, condition)
        return plain(HistoryOutput(told, context={"card_id": detail.product.pk}).data)

    key = answers.key_of("history", product_id, period, answers.hashed(source), variant_id or "ordinary", condition)
    return answers.kept(key, look, about=[about_card(product_id)])


def trending(game: str, period: str, trend: str, limit: int) -> Answer:
    """What moved, and one row more, from which it is seen whether others follow. Raises InvalidInput on an unknown game."""

    def look() -> list[dict[str, object]]:
        rows = queries.movers(limit=limit + 1, period=period, side=TRENDS[trend], game=known_game(game))
        return plain(TrendingOutput(rows, many=True).data)

    key = answers.key_of("trending", answers.hashed(game), period, trend, limit)
    return answers.kept(key, look, about=[about_game(game)])


def movers(*, limit: int, period: str, side: str, game: str = "") -> list[Mover]:
    """What moved, as a page shows it: as old as the API tells it."""
    key = answers.key_of("trending", "rows", answers.hashed(game), period, side, limit)
    look = functools.partial(queries.movers, limit=limit, period=period, side=side, game=game)
    return answers.kept(key, look, about=[about_game(game)]).value


def release(pk: UUID) -> Answer:
    """One set with what it is worth. Raises ReleaseNotFound."""

    def look() -> dict[str, object]:
        found = catalog.release_detail(pk)
        found.product_count = found.products.count()
        found.worth = queries.set_worths([found.pk]).get(found.pk, SetWorth())
        return plain(SetWithValue(found).data)

    return answers.kept(answers.key_of("sets", pk), look, about=[f"set:{pk}"])


def sources() -> Answer:
    """Where prices come from."""
    return answers.kept(
        answers.key_of("sources", "list"), lambda: plain(SourceOutput(queries.sources(), many=True).data)
    )


def prices_changed(variant_ids: Iterable[UUID]) -> None:
    """Have what is kept about these printings worked out anew; one query."""
    rows = (
        Variant.objects.filter(pk__in=set(variant_ids))
        .order_by()
        .values_list("product_id", "product__release_id", "product__category__game", "product__category__path")
        .distinct()
    )
    about = {ALL_PRICES}
    for product, of_set, game, path in rows:
        about |= {about_card(product), f"set:{of_set}", about_game(game), about_game(path)}
    if len(about) > 1:
        answers.changed(about)


def warm() -> int:
    """Work out what will be asked for soonest: movers of every game, histories of the cards with the most sales and quotes.

    What is fresh stays. Returns how many answers were looked at.
    """
    looked = 0
    for game in ["", *(each.game or each.path for each in catalog.games())]:
        for trend in TRENDS:
            for period in queries.CHANGES:
                trending(game, period, trend, 10)
                looked += 1
    for mover in queries.movers(limit=WARM_CARDS, side="active"):
        card(mover.product_id, None, "NM")
        for period in WARM_PERIODS:
            history(mover.product_id, None, "NM", period, "all")
        looked += 1 + len(WARM_PERIODS)
    return looked
