"""This installation's own quotes and sales as series to test on: one of each source, category and kind. Reads only."""

from __future__ import annotations

import datetime as dt
from itertools import groupby
from uuid import UUID

import numpy as np
from django.db import connection
from django.utils import timezone

from apps.valuations.backtest.series import NoPrices, Series
from apps.valuations.fair_value import Kind

MOST_VARIANTS = 5000
PERIOD = 7
DAYS = 400

# Near Mint alone, in the source's own currency, so that nothing is converted; as many variants as are quick, by chance of id.
_ROWS = """
with chosen as materialized (
    select v.id, c.path from catalog_variant v join catalog_product p on p.id = v.product_id
    join catalog_category c on c.id = p.category_id
    where exists (select 1 from valuations_currentprice cp where cp.variant_id = v.id) order by md5(v.id::text) limit %(most)s),
told as (
    select 0 as kind, s.source_id, s.variant_id, s.sold_at as at, s.price, s.quantity as copies, s.currency from valuations_sale s
    where s.condition = 'NM' and s.sold_at > %(since)s
    union all
    select 1, q.source_id, q.variant_id, q.observed_at, q.market, coalesce(q.sample_size, 1), q.currency from valuations_quote q
    where q.condition = 'NM' and q.market > 0 and q.observed_at > %(since)s)
select o.slug, c.path, t.kind, t.variant_id, t.at::date, t.price::float8, t.copies
from told t join chosen c on c.id = t.variant_id join valuations_source o on o.id = t.source_id and o.currency = t.currency
order by o.slug, c.path, t.kind, t.at
"""


def own() -> list[Series]:
    """The series of the last 400 days. Raises NoPrices where there are none."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, {"most": MOST_VARIANTS, "since": timezone.now() - dt.timedelta(days=DAYS)})
        rows = cursor.fetchall()
    if not rows:
        raise NoPrices("This installation has no prices yet; name files with --data.")
    return [_series(list(group)) for _, group in groupby(rows, key=lambda row: row[:3])]


def _series(rows: list[tuple]) -> Series:
    source, category, kind = rows[0][:3]
    codes: dict[UUID, int] = {}
    item = [codes.setdefault(row[3], len(codes)) for row in rows]
    told = np.ones(len(rows), bool)
    return Series(
        name=f"{source} {Kind(kind).name.lower()}s", about=f"own history, {category}", source=source, category=category,
        period=PERIOD, items=len(codes), kind=np.full(len(rows), kind, np.int64), item=np.array(item, np.int64),
        day=np.array([row[4].toordinal() for row in rows], np.float64), price=np.array([row[5] for row in rows]),
        copies=np.array([row[6] for row in rows], np.float64), is_evidence=told, is_truth=told,
    )  # fmt: skip
