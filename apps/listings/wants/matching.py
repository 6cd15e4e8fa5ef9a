"""Matching in sets: which cards lines name, and which offers and haves will do for which wants."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.db import connection

from apps.inventory.exchange import matching
from apps.inventory.exchange.reading import Defaults, likeness_of
from apps.listings.wants.reading import Line

MOST_CARDS = 60
"""Cards of one name that a line may mean."""


@dataclass(frozen=True)
class Named:
    """The cards that a line names, all found equally well; `sure` where nothing that it says contradicts them."""

    cards: tuple[UUID, ...]
    sure: bool


def cards_named(lines: Sequence[Line]) -> list[Named]:
    """The cards of each line, in the caller's transaction, by the inventory's own matching. A few queries for all lines."""
    if not lines:
        return []
    with connection.cursor() as cursor:
        staged = [(uuid4(), number, 0, line.said) for number, line in enumerate(lines)]
        matching.stage(cursor, staged, Defaults())
        cursor.execute(
            """with best as (select likeness, min(rank) as rank from stage_candidate group by 1)
            select c.likeness, c.rank, array_agg(distinct c.product_id) from stage_candidate c join best using (likeness, rank)
            group by 1, 2"""
        )
        found = {likeness: Named(tuple(cards[:MOST_CARDS]), rank < 7) for likeness, rank, cards in cursor.fetchall()}
        cursor.execute("drop table stage_line, stage_lookup, stage_release, stage_candidate")
    return [found.get(likeness_of(line.said), Named((), True)) for line in lines]


# What makes a copy do for a want. Graded copies have no condition: they do where none is asked for.
_FITS = """w.state = 'open' and w.owner_id <> i.owner_id
and (w.conditions = '{}' or i.condition = any(w.conditions))
and (w.languages = '{}' or v.language = any(w.languages))
and (w.finishes = '{}' or v.finish = any(w.finishes))
and not exists (select from accounts_block b
                where (b.owner_id, b.other_id) in ((i.owner_id, w.owner_id), (w.owner_id, i.owner_id)))
"""
_OFFERED = f"""
insert into wants_match (want_id, listing_id, at)
select w.id, l.id, %(at)s from listings_listing l join inventory_inventoryitem i on i.id = l.item_id
join catalog_variant v on v.id = i.variant_id join wants_wantedcard c on c.product_id = v.product_id
join wants_want w on w.id = c.want_id
where l.state = 'active' and {_FITS}
and (w.most_minor is null or (w.currency = l.currency and l.price_minor <= w.most_minor)) and %(scope)s
on conflict do nothing returning want_id, listing_id
"""  # noqa: S608 - fixed text
_HAD = f"""
insert into wants_match (want_id, have_id, at)
select w.id, h.item_id, %(at)s from wants_have h join inventory_inventoryitem i on i.id = h.item_id
join catalog_variant v on v.id = i.variant_id join wants_wantedcard c on c.product_id = v.product_id
join wants_want w on w.id = c.want_id
where i.quantity > i.reserved and {_FITS} and %(scope)s
on conflict do nothing returning want_id, null::uuid
"""  # noqa: S608


# Listed and marked cards of a name that somebody wants in any printing: a reprint is met when the first copy is offered.
_REPRINTS = """
insert into wants_wantedcard (want_id, product_id)
select w.id, p.id from (
    select l.item_id from listings_listing l where l.id = any(%(listings)s)
    union select unnest(%(items)s::uuid[])) fresh
join inventory_inventoryitem i on i.id = fresh.item_id join catalog_variant v on v.id = i.variant_id
join catalog_product p on p.id = v.product_id
join wants_want w on w.any_name = p.name and w.any_category_id = p.category_id and w.any_name <> '' and w.state = 'open'
on conflict do nothing
"""


def _widen(listing_ids: Collection[UUID], item_ids: Collection[UUID]) -> None:
    """Add later printings to the wants that take any."""
    with connection.cursor() as cursor:
        cursor.execute(_REPRINTS, {"listings": list(listing_ids), "items": list(item_ids)})


def new_matches(
    *,
    at: dt.datetime,
    listing_ids: Collection[UUID] = (),
    item_ids: Collection[UUID] = (),
    list_ids: Collection[UUID] = (),
) -> list[tuple[UUID, UUID | None]]:
    """Write the matches of new listings, of newly marked items, or of changed lists; (want, listing or None) of what is new."""
    found: list[tuple[UUID, UUID | None]] = []
    asked = [(_OFFERED, "l.id", listing_ids), (_HAD, "h.item_id", item_ids)]
    asked += [(_OFFERED, "w.list_id", list_ids), (_HAD, "w.list_id", list_ids)]
    if listing_ids or item_ids:
        _widen(listing_ids, item_ids)
    with connection.cursor() as cursor:
        for statement, column, ids in asked:
            if ids:
                cursor.execute(statement.replace("%(scope)s", f"{column} = any(%(ids)s)"), {"at": at, "ids": list(ids)})
                found += cursor.fetchall()
    return found
