"""What a source is asked about: the products that the catalogue knows by its ids, or printings worth a request of their own."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

_KNOWN = """select distinct value from catalog_externalid where source = %(source)s and value > %(after)s
order by value limit %(limit)s"""

_WORTH = """
select v.id::text, p.name, p.number, r.name, c.path, v.finish
from catalog_variant v join catalog_product p on p.id = v.product_id join catalog_release r on r.id = p.release_id
join catalog_category c on c.id = p.category_id
where (%(after)s = '' or v.id > nullif(%(after)s, '')::uuid) and c.path like %(category)s and v.treatment = ''
  and v.language = 'en' and (v.is_default or not %(first)s)
  and (%(least)s = 0 or exists (select 1 from valuations_currentprice w
       where w.variant_id = v.id and w.condition = 'NM' and w.value >= %(least)s))
order by v.id limit %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One printing to ask about. category: its path, such as trading-cards/pokemon."""

    variant_id: str
    name: str
    number: str
    release: str
    category: str
    finish: str


def known_ids(source: str, *, after: str = "", limit: int) -> list[str]:
    """The next of the source's ids that the catalogue knows, in the order of their text."""
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, {"source": source, "after": after, "limit": limit})
        return [value for (value,) in cursor.fetchall()]


def worth_asking(
    category: str, *, after: str = "", limit: int, least: Decimal = Decimal(0), first: bool = True
) -> list[Wanted]:
    """The next printings of a category (and of those below it), in the order of their ids.

    least: only those worth that much in Near Mint, as far as is known. first: only the one that a page shows first.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _WORTH, {"after": after, "category": f"{category}%", "least": least, "first": first, "limit": limit}
        )
        return [Wanted(*row) for row in cursor.fetchall()]
