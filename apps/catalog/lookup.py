"""Products by what programs know of them: our ids, or another site's. One query each; reads only."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from apps.catalog.rows import COLUMNS, ProductRow

_ROWS = f"""
select {COLUMNS}
from catalog_product p
join catalog_release r on r.id = p.release_id
join catalog_category c on c.id = p.category_id
left join catalog_productimage i on i.product_id = p.id and i.is_primary
left join lateral (select id, finish, treatment from catalog_variant v where v.product_id = p.id
                   order by v.is_default desc, v.treatment, v.finish limit 1) v on true
where p.id = any(%(ids)s::uuid[])
"""  # noqa: S608 - fixed text
_KNOWN_ELSEWHERE = """
select value, product_id from catalog_externalid where source = %(source)s and value = any(%(values)s) order by value, id
"""


def products_by_id(ids: Sequence[UUID]) -> dict[UUID, ProductRow]:
    """The products with these ids, each with its ordinary printing; those that do not exist are left out. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, {"ids": list(dict.fromkeys(ids))})
        return {row[0]: ProductRow(*row) for row in cursor.fetchall()}


def ids_known_elsewhere(source: str, values: Sequence[str]) -> dict[str, UUID]:
    """Product by another site's id ("tcgplayer", "cardmarket" …); unknown ones are left out. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN_ELSEWHERE, {"source": source, "values": list(dict.fromkeys(values))})
        return {value: product for value, product in reversed(cursor.fetchall())}
