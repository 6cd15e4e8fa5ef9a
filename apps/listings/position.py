"""Where a seller's listings stand among the same copies: the n-th cheapest delivered within the seller's own country."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

from apps.listings.destinations import destinations_of


@dataclass(frozen=True)
class Position:
    """The place-th cheapest of so many, counted from 1; equal totals share a place."""

    place: int
    of: int


# Of each offer the rate of the nearest destination counts; the seller's own other offers of the same do not compete.
_NEAREST = """lateral (select r.delivered_minor from listings_reach r
    where r.listing_id = {row}.listing_id and r.destination = any(%(destinations)s)
    order by array_position(%(destinations)s::varchar[], r.destination) limit 1)"""
_POSITIONS = f"""
select s.listing_id, count(o.delivered_minor) filter (where o.delivered_minor < n.delivered_minor) + 1,
       count(o.delivered_minor) + 1
from listings_searchrow s
join listings_listing l on l.id = s.listing_id join inventory_inventoryitem i on i.id = l.item_id
join {_NEAREST.format(row="s")} n on true
left join lateral (
    select k.delivered_minor from listings_searchrow e
    join listings_listing m on m.id = e.listing_id join inventory_inventoryitem c on c.id = m.item_id
    join {_NEAREST.format(row="e")} k on true
    where e.variant_id = s.variant_id and e.seller_id <> s.seller_id and e.currency = s.currency
      and (c.condition, c.grade_company, c.grade) is not distinct from (i.condition, i.grade_company, i.grade)) o on true
where s.listing_id = any(%(listings)s::uuid[]) group by s.listing_id
"""  # noqa: S608 - composed of constants


def positions(*, listing_ids: Iterable[uuid.UUID], country: str) -> dict[uuid.UUID, Position]:
    """Positions by listing; one query. What is not for sale, or not sent within the country, has none."""
    ids = list(listing_ids)
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_POSITIONS, {"listings": ids, "destinations": destinations_of(country)})
        return {pk: Position(place, of) for pk, place, of in cursor.fetchall()}
