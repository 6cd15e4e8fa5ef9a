"""Writes everything about a member into one archive: data.json, a CSV for each table, the member's own files, and a guide.

Rows are read and written one by one, so that memory does not grow with how much there is.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, BinaryIO
from uuid import UUID

from django.core.files.storage import default_storage
from django.db.models import Field, Model

from apps.accounts.models import User
from apps.privacy.holdings import HOLDINGS, Holding

_CHUNK = 500
_OWN_FIELDS = ("id", "email", "display_name", "first_name", "last_name", "role", "country", "currency", "about")

GUIDE = """Everything that CardVault keeps about {name}, as of {at}.

data.json   all of it, by table
csv/        the same, one file a table, for a spreadsheet
files/      your photographs and imported files

Times are in UTC, amounts that end in _minor in the smallest unit of their currency. Other people appear by their id alone.
What becomes of each table when you delete your account stands at {address}.
"""


def columns(holding: Holding) -> list[Field]:
    """The columns of a table that are told, in its order."""
    fields = holding.model._meta.concrete_fields
    return [one for one in fields if one.name not in holding.hidden and one.attname not in holding.hidden]


def plain(value: Any) -> Any:
    """A column's value as JSON has it."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case UUID() | Decimal() | dt.timedelta():
            return str(value)
        case dict():
            return {str(name): plain(one) for name, one in value.items()}
        case list() | tuple() | set():
            return [plain(one) for one in value]
        case bytes() | memoryview():
            return bytes(value).hex()
    return str(value)


def row_of(row: Model, fields: list[Field], own: dict[str, str], member_id: object) -> dict[str, Any]:
    """One row by column, without what in this row is somebody else's."""
    others = {column for column, path in own.items() if getattr(row, f"{path}_id") != member_id}
    return {one.attname: None if one.name in others else plain(getattr(row, one.attname)) for one in fields}


def rows_of(holding: Holding, member_id: object) -> Iterator[dict[str, Any]]:
    """The member's rows of a table."""
    fields = columns(holding)
    for row in holding.rows(member_id).iterator(_CHUNK):
        yield row_of(row, fields, holding.own, member_id)


def told() -> list[Holding]:
    """The tables that an export has."""
    return [one for one in HOLDINGS if one.export]


def write(member: User, to: BinaryIO, *, at: dt.datetime, address: str, progress: Callable[[int], None]) -> None:
    """Write the archive. progress: called with how many tables are done. A file that is no longer stored is left out."""
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", GUIDE.format(name=member, at=at.isoformat(timespec="minutes"), address=address))
        with archive.open("data.json", "w") as whole, io.TextIOWrapper(whole, "utf-8") as text:
            profile = {name: plain(getattr(member, name)) for name in _OWN_FIELDS} | {
                "joined": plain(member.date_joined)
            }
            text.write('{"profile": ' + json.dumps(profile, ensure_ascii=False))
            for done, one in enumerate(told(), 1):
                text.write(f',\n"{one.table}": [')
                for place, row in enumerate(rows_of(one, member.pk)):
                    text.write((",\n" if place else "\n") + json.dumps(row, ensure_ascii=False))
                text.write("]")
                progress(done)
            text.write("}\n")
        for one in told():
            _table(archive, one, member.pk)
        for one in told():
            for column in one.files:
                for name in one.rows(member.pk).values_list(column, flat=True).iterator(_CHUNK):
                    _file(archive, name)


def _table(archive: zipfile.ZipFile, holding: Holding, member_id: object) -> None:
    rows = rows_of(holding, member_id)
    first = next(rows, None)
    if first is None:
        return
    with (
        archive.open(f"csv/{holding.table.lower()}.csv", "w") as whole,
        io.TextIOWrapper(whole, "utf-8-sig", newline="") as text,
    ):
        writer = csv.writer(text)
        writer.writerow(first)
        writer.writerow(_cells(first))
        writer.writerows(map(_cells, rows))


def _cells(row: dict[str, Any]) -> list[Any]:
    """Cells that a spreadsheet does not take for formulas."""
    cells = [json.dumps(one, ensure_ascii=False) if isinstance(one, dict | list) else one for one in row.values()]
    return ["'" + one if isinstance(one, str) and one[:1] in ("=", "+", "-", "@", "\t", "\r") else one for one in cells]


def _file(archive: zipfile.ZipFile, name: str) -> None:
    if not name or not default_storage.exists(name):
        return
    with default_storage.open(name) as stored, archive.open(f"files/{name}", "w") as copy:
        while part := stored.read(1 << 20):
            copy.write(part)
