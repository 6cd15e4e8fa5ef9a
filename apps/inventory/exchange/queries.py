"""Reads of imports: the list, one with its counts, its lines, and the questions that its lines ask, likes together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import Count, QuerySet

from apps.accounts.models import User
from apps.catalog.models import Variant
from apps.catalog.search.results import suggest
from apps.core.errors import NotFound
from apps.core.pagination import Page
from apps.inventory.exchange import files, states
from apps.inventory.exchange.layouts import FIELDS
from apps.inventory.exchange.models import ImportLine, InventoryImport
from apps.inventory.exchange.reading import Defaults, Reading, parts_of, reading_of, said_by

SHOWN = 4
"""Candidates that a question offers at once; the line's own page has all."""


@dataclass(frozen=True)
class Counts:
    """How many lines of an import stand where."""

    by_state: dict[str, int]

    def of(self, *names: str) -> int:
        """Lines in any of these states."""
        return sum(self.by_state.get(name, 0) for name in names)

    @property
    def total(self) -> int:
        """All lines."""
        return sum(self.by_state.values())

    @property
    def matched(self) -> int:
        """Lines that can be added."""
        return self.of(ImportLine.State.MATCHED)

    @property
    def waiting(self) -> int:
        """Lines that the member has to look at."""
        return self.of(*states.WAITING)

    @property
    def added(self) -> int:
        """Lines that are in the inventory."""
        return self.of(ImportLine.State.ADDED, ImportLine.State.MERGED)


@dataclass
class Question:
    """What lines that are alike wait for: one answer settles all of them. `line` is the first of them."""

    line: int
    part: int
    state: str
    problem: str
    reason: str
    said: dict[str, str]
    lines: int
    candidates: list[UUID]
    variants: list[Variant] = field(default_factory=list)

    @property
    def words(self) -> str:
        """What the file says of the card."""
        return words_of(self.said)

    @property
    def word(self) -> str:
        """The bad word itself."""
        return self.said.get(self.problem, "")

    @property
    def field_name(self) -> str:
        """What the bad word should say."""
        return FIELDS.get(self.problem, "")


@dataclass(frozen=True)
class Preview:
    """The first rows of a file: cells as they are, and what we make of them."""

    rows: list[tuple[int, list[str]]]
    readings: list[tuple[int, Reading]]

    def samples(self, column: int) -> str:
        """A few cells of a column."""
        told = dict.fromkeys(cells[column] for _, cells in self.rows if column < len(cells) and cells[column])
        return ", ".join(islice(told, 3))[:90]


def words_of(said: dict[str, str]) -> str:
    """What a line says of its card, in one phrase."""
    where = said.get("set_code") or said.get("set") or said.get("set_name") or ""
    told = [said.get("name", ""), f"{where} {said.get('number', '')}".strip()]
    told += [said.get(name, "") for name in ("finish", "language")]
    told += [
        f"{name} {said[name]}" for name in ("scryfall", "tcgplayer", "cardmarket") if said.get(name) and not told[0]
    ]
    return ", ".join(each for each in told if each) or "nothing"


def imports_of(*, owner: User, limit: int = 20, offset: int = 0) -> Page[InventoryImport]:
    """The member's imports, newest first."""
    rows = InventoryImport.objects.filter(owner=owner)
    return Page(list(rows.order_by("-created_at")[offset : offset + limit]), rows.count(), limit, offset)


def import_for(*, owner: User, pk: UUID) -> InventoryImport:
    """One import of the member. Raises NotFound for others' too."""
    found = InventoryImport.objects.select_related("binder").filter(owner=owner, pk=pk).first()
    if found is None:
        raise NotFound("This import is not yours, or is gone.")
    return found


def counts_of(origin: InventoryImport) -> Counts:
    """How many lines stand where; one query."""
    rows = origin.lines.order_by().values_list("state").annotate(count=Count("pk"))
    return Counts(dict(rows))


def lines_page(
    *, origin: InventoryImport, wanted: Sequence[str] = (), limit: int = 50, offset: int = 0
) -> Page[ImportLine]:
    """Lines in the order of the file, with the printing that each became."""
    rows = origin.lines.filter(state__in=wanted) if wanted else origin.lines.all()
    total = rows.count()
    shown = rows.select_related("variant__product__release").order_by("line", "part")[offset : offset + limit]
    return Page(list(shown), total, limit, offset)


def line_for(*, owner: User, pk: UUID, line: int, part: int = 0) -> ImportLine:
    """One line of the member's import. Raises NotFound."""
    found = (
        ImportLine.objects.select_related("origin", "variant__product__release")
        .filter(origin__owner=owner, origin=pk, line=line, part=part)
        .first()
    )
    if found is None:
        raise NotFound("This line is not in the import.")
    return found


_QUESTIONS = """
with waiting as (
    select *, case when problem = 'card' then likeness else problem || ':' || coalesce(said ->> problem, line::text) end as key
    from inventory_importline where origin_id = %(origin)s and state in ('ambiguous', 'unknown', 'bad'))
select distinct on (key) line, part, state, problem, reason, said, count(*) over (partition by key) as lines, candidates
from waiting order by key, line, part
"""


def questions_page(*, origin: InventoryImport, limit: int = 20, offset: int = 0) -> Page[Question]:
    """What the lines that wait ask, those that would settle most lines first; two queries."""
    sql = f"select *, count(*) over () from ({_QUESTIONS}) q order by lines desc, line, part limit %(limit)s offset %(offset)s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, {"origin": origin.pk, "limit": limit, "offset": offset})
        found = cursor.fetchall()
    rows = [Question(*row[:5], json.loads(row[5]), *row[6:8]) for row in found]
    shown = variants_by_id(pk for row in rows for pk in row.candidates[:SHOWN])
    for row in rows:
        row.variants = [shown[pk] for pk in row.candidates[:SHOWN] if pk in shown]
    return Page(rows, found[0][8] if found else 0, limit, offset)


def variants_by_id(ids: Iterable[UUID]) -> dict[UUID, Variant]:
    """Printings with their cards and sets; one query."""
    wanted = set(ids)
    return Variant.objects.select_related("product__release").in_bulk(wanted) if wanted else {}


def candidates_of(line: ImportLine) -> list[Variant]:
    """All that a line may be, likeliest first."""
    found = variants_by_id(line.candidates)
    return [found[pk] for pk in line.candidates if pk in found]


def correctable(line: ImportLine, defaults: Defaults) -> dict[str, str]:
    """What a line says, with words that we know as our own, for a form that changes it."""
    said, reading = line.said, reading_of(line.said, defaults)
    ours = {name: getattr(reading, name) for name in ("finish", "language", "condition") if said.get(name)}
    return {**said, **ours, "set": said.get("set_code") or said.get("set") or said.get("set_name", "")}


def printings_found(text: str) -> QuerySet[Variant]:
    """Printings of the cards that a search finds, for a line that we could not place."""
    products = [row.id for row in suggest(text[:100], limit=6)]
    return (
        Variant.objects.filter(product__in=products)
        .select_related("product__release")
        .order_by("product__name", "product__release__name", "language", "finish", "pk")[:40]
    )


def preview_of(origin: InventoryImport, defaults: Defaults, *, rows: int = 6) -> Preview:
    """The first rows of the file, and what we would make of them."""
    layout = files.Layout(origin.encoding, origin.delimiter, origin.heading_line, tuple(origin.columns))
    shown: list[tuple[int, list[str]]] = []
    readings: list[tuple[int, Reading]] = []
    if not origin.file or not default_storage.exists(origin.file):
        raise NotFound("The file is gone. Send it again.")
    with default_storage.open(origin.file, "rb") as stream:
        for record in islice(files.records_of(stream, layout), rows):
            shown.append((record.line, record.cells))
            said = said_by(record.cells, origin.mapping, broken=record.broken)
            readings += ((record.line, reading_of(part, defaults)) for _, part in parts_of(said))
    return Preview(shown, readings)
