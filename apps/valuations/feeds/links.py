"""Linking a source's products to ours, so that its prices find them: by set and number, and the name has to agree.

What is linked already stays as it is. What may be several of our cards, or none, is told and left to a person.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, transaction

from apps.core.rejects import Reject, keep
from apps.valuations.feeds.protocol import LinkRow
from apps.valuations.importers.loader import MarketReport

_PLAIN = "regexp_replace(lower({}), '[^a-z0-9]', '', 'g')"
_SETS = """
from catalog_release r join catalog_category c on c.id = r.category_id
where (c.path = l.category or c.path like l.category || '/%%')
  and (lower(r.name) = any(l.releases) or lower(r.code) = any(l.releases) or lower(r.abbreviation) = any(l.releases))
"""
_MATCH = f"""
with l as materialized (
    select n, source, value, category, number, {_PLAIN.format("name")} as plain,
           array(select lower(each) from jsonb_array_elements_text(releases) each where each <> '') as releases
    from jsonb_to_recordset(%(rows)s::jsonb) as told
        (n integer, source text, value text, category text, releases jsonb, number text, name text))
select l.n, exists (select from catalog_externalid e where e.source = l.source and e.value = l.value),
    array(select p.id from catalog_product p cross join lateral (select {_PLAIN.format("p.name")} as plain) o
          where p.release_id in (select r.id {_SETS})
            and case when l.number = '' then p.number_key like 'sealed%%' and o.plain = l.plain
                else p.number_key = catalog_number_key(l.number)
                     and (starts_with(l.plain, o.plain) or starts_with(o.plain, l.plain)) end)
from l order by l.n
"""  # noqa: S608 - fixed text
_KNOWN_SETS = f"""
select l.n from (select n, category, array(select lower(each) from jsonb_array_elements_text(releases) each where each <> '')
    as releases from jsonb_to_recordset(%(rows)s::jsonb) as told (n integer, category text, releases jsonb)) l
where exists (select {_SETS}) order by l.n
"""  # noqa: S608 - fixed text
_LINK = """insert into catalog_externalid (source, value, product_id) select * from unnest(%s::text[], %s::text[], %s::uuid[])
on conflict do nothing"""


@transaction.atomic
def link(rows: Iterable[LinkRow | Reject], *, origin: str, batch_id: uuid.UUID) -> MarketReport:
    """Link what can be linked without doubt; two statements a call, whatever the number of rows."""
    report = MarketReport("links", batch_id)
    told = list(rows)
    rejects = [row for row in told if isinstance(row, Reject)]
    asked = list({(row.source, row.value): row for row in told if isinstance(row, LinkRow)}.values())
    report.read = len(told)
    found: list[tuple[str, str, uuid.UUID]] = []
    for n, is_known, products in _matches(_MATCH, asked):
        row = asked[n]
        if is_known:
            report.unchanged += 1
        elif len(products) == 1:
            found.append((row.source, row.value, products[0]))
        else:
            several = f"it may be any of {len(products)} cards" if products else "the catalogue has no such card"
            rejects.append(Reject(None, row.told, f"{several}: set, number and name have to agree"))
    if found:
        with connection.cursor() as cursor:
            cursor.execute(_LINK, [list(column) for column in zip(*found, strict=True)])
            report.created = cursor.rowcount
            report.unchanged += len(found) - cursor.rowcount
    keep(rejects, origin=origin, batch_id=batch_id)
    report.rejected = len(rejects)
    report.rejects = rejects[:20]
    return report


def known_sets(category: str, releases: Sequence[tuple[str, ...]]) -> list[bool]:
    """Which of these sets, by the names that they may go by, the catalogue has; one query."""
    rows = [LinkRow("", "", category, each, "", "") for each in releases]
    known = {n for (n,) in _matches(_KNOWN_SETS, rows)}
    return [n in known for n in range(len(rows))]


def _matches(statement: str, rows: Sequence[LinkRow]) -> list[tuple[Any, ...]]:
    if not rows:
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement, {"rows": json.dumps([{"n": n, **row._asdict()} for n, row in enumerate(rows)])})
        return cursor.fetchall()
