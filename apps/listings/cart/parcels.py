"""What parcels of several listings cost: one a seller, by the dearest of the shipping profiles that its goods use."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from django.db import connection

from apps.listings.destinations import destinations_of

ParcelKey = tuple[uuid.UUID, str]
"""Seller and currency."""

_POSTAGE = """
with wanted as (select * from unnest(%(listings)s::uuid[], %(copies)s::bigint[]) as w(listing, copies)),
parcel as (
    select l.seller_id, l.currency, u.country, array_agg(distinct l.shipping_id) as profiles,
        listings_grams('trading-cards', 0) + sum(listings_grams(c.path, w.copies) - listings_grams(c.path, 0)) as grams,
        sum(l.price_minor * w.copies) as minor
    from wanted w join listings_listing l on l.id = w.listing join accounts_user u on u.id = l.seller_id
    join inventory_inventoryitem i on i.id = l.item_id join catalog_variant v on v.id = i.variant_id
    join catalog_product p on p.id = v.product_id join catalog_category c on c.id = p.category_id
    group by l.seller_id, l.currency, u.country)
select seller_id, currency, (
    select case when count(*) = count(price) then max(price) end
    from unnest(profiles) as of(profile) cross join lateral (
        select listings_shipping_minor(of.profile, country, %(reached)s::varchar[], grams::bigint, minor::bigint) as price
    ) priced)
from parcel
"""


def postage(copies: Mapping[uuid.UUID, int], country: str) -> dict[ParcelKey, int | None]:
    """The shipping price of each seller's parcel with these copies by listing; None: not sent there so. One query."""
    if not copies:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            _POSTAGE,
            {"listings": list(copies), "copies": list(copies.values()), "reached": destinations_of(country)},
        )
        return {(seller, currency): minor for seller, currency, minor in cursor.fetchall()}
