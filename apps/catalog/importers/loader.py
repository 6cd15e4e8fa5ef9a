"""The one writer of imported printings: checks each, copies them into temporary tables, then a few set-based statements.

Nothing is done per row in the database, a repeat changes nothing, and blanks in the input never erase what is known.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import uuid_utils
from django.db import connection, transaction
from django.utils import timezone
from jsonschema import Draft202012Validator

from apps.catalog.importers import statements
from apps.catalog.importers.rows import Printing
from apps.catalog.models import Category, Finish
from apps.core.rejects import Reject, keep
from ml import gtin

BATCH = 4000
_LANGUAGE = re.compile(r"[a-z]{2}(-[A-Za-z]{2})?")
_FINISHES = set(Finish.values)


@dataclass
class Count:
    """What became of the rows of one kind."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0


@dataclass
class Report:
    """What an import did. `rejects` holds the first of them; all are kept in the table of rejected input."""

    origin: str
    batch_id: uuid.UUID
    counts: dict[str, Count] = field(default_factory=dict)
    rejected: int = 0
    rejects: list[Reject] = field(default_factory=list)

    @property
    def changed(self) -> int:
        """Rows created or updated, of all kinds."""
        return sum(count.created + count.updated for count in self.counts.values())

    def lines(self) -> Iterator[str]:
        """The report as text, one line per kind, then the rejects."""
        for kind, count in self.counts.items():
            yield f"{kind:<12}{count.created:>8} created{count.updated:>8} updated{count.unchanged:>8} unchanged"
        yield f"{'rejected':<12}{self.rejected:>8}"
        for reject in self.rejects:
            yield f"  line {reject.line or '-'}: {reject.reason}"
        if self.rejected > len(self.rejects):
            yield f"  ... and {self.rejected - len(self.rejects)} more; all are kept, batch {self.batch_id}"


@transaction.atomic
def load(printings: Iterable[Printing | Reject], *, origin: str) -> Report:
    """Write printings into the catalogue; one transaction, one import at a time. Returns what was done."""
    report = Report(origin, uuid.uuid4())
    check = _Checks()
    rejects: list[Reject] = []
    with connection.cursor() as cursor:
        cursor.execute(statements.STAGE)
        batch: list[Printing] = []
        for row in printings:
            refused = row if isinstance(row, Reject) else check(row)
            if refused is not None:
                rejects.append(refused)
                continue
            batch.append(row)
            if len(batch) >= BATCH:
                _copy(cursor, batch, first=check.accepted - len(batch))
                batch = []
        _copy(cursor, batch, first=check.accepted - len(batch))
        _write(cursor, report)
        rejects += _taken_barcodes(cursor)
        cursor.execute(statements.UNSTAGE)
    keep(rejects, origin=origin, batch_id=report.batch_id)
    report.rejected = len(rejects)
    report.rejects = rejects[:20]
    return report


class _Checks:
    """Says why a printing cannot be used, or None. Remembers numbers, so that one number has one name in a file."""

    def __init__(self) -> None:
        self.accepted = 0
        self.categories = {row.path: row for row in Category.objects.all()}
        self.schemas = {path: Draft202012Validator(row.attribute_schema) for path, row in self.categories.items()}
        self.seen: dict[tuple[str, str, str], tuple[int | None, str]] = {}
        self.fine_attributes: set[str] = set()

    def __call__(self, row: Printing) -> Reject | None:
        reason = self._reason(row)
        if reason:
            return Reject(row.line, row.content, reason)
        self.accepted += 1
        return None

    def _reason(self, row: Printing) -> str:
        if row.category not in self.categories:
            return f"there is no category {row.category!r}"
        if _holds_nul(row):
            return "it holds a NUL character: the file is damaged"
        for what, text, most in (
            ("release code", row.release.code, 40),
            ("number", row.number, 40),
            ("name", row.name, 200),
        ):
            if not text:
                return f"it has no {what}"
            if len(text) > most:
                return f"its {what} is longer than {most} characters"
        for variant in row.variants:
            if variant.finish not in _FINISHES:
                return f"{variant.finish!r} is not a finish"
            if not _LANGUAGE.fullmatch(variant.language):
                return f"{variant.language!r} is not a language code"
        if not row.variants:
            return "it has no finish"
        return self._wrong_attributes(row) or self._repeated(row)

    def _wrong_attributes(self, row: Printing) -> str:
        if not row.attributes:
            return ""
        told = f"{row.category}{json.dumps(row.attributes, sort_keys=True, default=str)}"
        if told in self.fine_attributes:
            return ""
        error = next(self.schemas[row.category].iter_errors(row.attributes), None)
        if error is None:
            self.fine_attributes.add(told)
            return ""
        return f"attribute {'.'.join(map(str, error.path)) or '?'}: {error.message}"[:300]

    def _repeated(self, row: Printing) -> str:
        key = (row.category, row.release.code, row.number)
        line, name = self.seen.setdefault(key, (row.line, row.name))
        if name != row.name:
            return f"number {row.number} of {row.release.code} is already {name!r} on line {line or '-'}"
        return ""


def _holds_nul(row: Printing) -> bool:
    """Whether a text has the one character that PostgreSQL's texts cannot have."""
    release = row.release
    texts = (
        release.code, release.name, release.series, release.abbreviation, row.number, row.name, row.rarity, row.artist,
        row.image_url, row.image_credit, *(variant.treatment for variant in row.variants),
    )  # fmt: skip
    others = (row.names, row.attributes, row.ids, [variant.ids for variant in row.variants])
    return any("\x00" in text for text in texts) or "\\u0000" in json.dumps(others, default=str)


def _copy(cursor: Any, batch: list[Printing], *, first: int) -> None:
    """Copy a batch into the temporary tables; `first` is the running number of its first printing."""
    if not batch:
        return
    categories = dict(Category.objects.values_list("path", "id"))
    numbered = list(enumerate(batch, first))
    for statement, columns in (
        (statements.COPY_PRINTINGS, ((n, categories[row.category], *_printing_columns(row)) for n, row in numbered)),
        (statements.COPY_VARIANTS, (columns for n, row in numbered for columns in _variant_columns(n, row))),
        (statements.COPY_IDS, (columns for n, row in numbered for columns in _id_columns(n, row))),
        (statements.COPY_BARCODES, ((n, row.line, value) for n, row in numbered for value in row.barcodes)),
    ):
        with cursor.copy(statement) as copy:
            for each in columns:
                copy.write_row(each)


def _printing_columns(row: Printing) -> tuple[Any, ...]:
    release = row.release
    return (
        str(uuid_utils.uuid7()), release.code, release.name[:160], release.series[:80], release.abbreviation[:20],
        release.released_on, release.total_cards, str(uuid_utils.uuid7()), row.number, row.name, json.dumps(row.names),
        row.rarity[:60], row.artist[:120], json.dumps(row.attributes),
        *(row.known_as or (None, None)), row.image_url[:400], row.image_credit[:120],
    )  # fmt: skip


def _variant_columns(n: int, row: Printing) -> Iterator[tuple[Any, ...]]:
    for variant in row.variants:
        yield str(uuid_utils.uuid7()), n, variant.finish, variant.language, variant.treatment[:80]


def _id_columns(n: int, row: Printing) -> Iterator[tuple[Any, ...]]:
    """Ids of the product carry no finish; ids of a variant name theirs."""
    for source, values in row.ids.items():
        for value in values:
            yield n, None, None, None, source, value
    for variant in row.variants:
        for source, values in variant.ids.items():
            for value in values:
                yield n, variant.finish, variant.language, variant.treatment[:80], source, value


def _write(cursor: Any, report: Report) -> None:
    """Move what is staged into the catalogue and count it."""
    cursor.execute(statements.PREPARE)
    now = timezone.now()
    for kind, (total, update, insert) in statements.STEPS.items():
        cursor.execute(total)
        rows = cursor.fetchone()[0]
        updated = created = 0
        if update:
            cursor.execute(update)
            updated = cursor.rowcount
        cursor.execute(insert, {"now": now})
        created = cursor.rowcount
        for statement in statements.AFTER.get(kind, ()):
            cursor.execute(statement)
        report.counts[kind] = Count(created, updated, max(0, rows - created - updated))
    cursor.execute(statements.REFRESH_WORDS)


def _taken_barcodes(cursor: Any) -> list[Reject]:
    """Barcodes that belong to another product already: the printing came in, its barcode did not."""
    cursor.execute(statements.TAKEN_BARCODES)
    return [
        Reject(
            line, {"barcode": gtin.printed(value)}, f"barcode {gtin.printed(value)} belongs to {name} {number} already"
        )
        for line, value, name, number in cursor.fetchall()
    ]
