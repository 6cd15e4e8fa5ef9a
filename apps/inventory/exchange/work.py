"""The worker's half of an import: read, add, undo, in batches that each commit with how far they came.

A worker may be killed at any time: the next one goes on after the last batch. Two at once do not get in each other's way:
a batch holds the import's lock, and one that finds the import further than it left it stops.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from uuid import UUID

import structlog
import uuid_utils
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils import timezone

from apps.core import outbox
from apps.core.errors import DomainError
from apps.inventory.actions import create_binder
from apps.inventory.events import ImportAdded, ItemsImported
from apps.inventory.exchange import files, matching, statements, states
from apps.inventory.exchange.actions import defaults_of, enqueue
from apps.inventory.exchange.models import ImportLine, InventoryImport
from apps.inventory.exchange.reading import parts_of, said_by

log = structlog.get_logger()

TURN = 45.0
"""Seconds that a worker gives an import before the next task has its turn."""
MOST_LINES = 500_000
_PATIENCE = dt.timedelta(seconds=60)
_NEVER = UUID(int=0)


def carry_on(*, import_id: UUID, seconds: float = TURN) -> None:
    """Do what is next for an import for so long, then queue the rest. Safe to run twice, at once or again."""
    until = time.monotonic() + seconds
    origin = InventoryImport.objects.filter(pk=import_id, state__in=states.LIVE).first()
    while origin is not None:
        step = {"reading": _read, "adding": _add, "undoing": _undo}[origin.state]
        if not step(origin, until):
            return
        origin = InventoryImport.objects.filter(pk=import_id, state__in=states.LIVE).first()
        if origin is not None and time.monotonic() >= until:
            enqueue(origin)
            return


def resume_stalled(*, now: dt.datetime | None = None) -> int:
    """Queue again what a dead worker left. Safe to repeat."""
    now = now or timezone.now()
    left = InventoryImport.objects.filter(state__in=states.LIVE).exclude(moved_at__gte=now - _PATIENCE)
    stalled = list(left.exclude(queued_at__gte=now - _PATIENCE)[:50])
    for origin in stalled:
        enqueue(origin)
    return len(stalled)


def _read(origin: InventoryImport, until: float) -> bool:
    """Keep the lines of the file from where it was left. False where another worker has gone on meanwhile."""
    layout = files.Layout(origin.encoding, origin.delimiter, origin.heading_line, tuple(origin.columns))
    defaults, mapping = defaults_of(origin), origin.mapping
    try:
        with default_storage.open(origin.file, "rb") as stream:
            batch: list[matching.Line] = []
            last = origin.lines_read
            for record in files.records_of(stream, layout):
                if record.line <= origin.lines_read:
                    continue
                if len(batch) >= matching.BATCH:
                    if not _keep(origin, batch, defaults, last, stream.tell()):
                        return False
                    batch = []
                    if time.monotonic() >= until:
                        return True
                said = said_by(record.cells, mapping, broken=record.broken)
                batch += ((str(uuid_utils.uuid7()), record.line, part, told) for part, told in parts_of(said))
                last = record.line
                if last > MOST_LINES:
                    return _fail(origin, f"The file has more than {MOST_LINES:,} lines. Split it, and send the parts.")
            return _keep(origin, batch, defaults, last, origin.size, is_last=True)
    except FileNotFoundError:
        return _fail(origin, "The file is gone. Send it again.")
    except DomainError as error:
        return _fail(origin, error.message)


@transaction.atomic
def _keep(
    origin: InventoryImport,
    batch: list[matching.Line],
    defaults: object,
    last: int,
    position: int,
    *,
    is_last: bool = False,
) -> bool:
    if not _still(origin, "reading"):
        return False
    with connection.cursor() as cursor:
        matching.keep(cursor, origin, batch, defaults)  # type: ignore[arg-type]
    origin.lines_read, origin.bytes_read, origin.moved_at = last, min(position, origin.size), timezone.now()
    if is_last:
        origin.state = states.after(origin.state, "read")
        if origin.adds_at_once and origin.lines.filter(state=ImportLine.State.MATCHED).exists():
            origin.state = states.after(origin.state, "add")
        else:
            origin.finished_at = timezone.now()
    origin.save(update_fields=["lines_read", "bytes_read", "moved_at", "state", "finished_at"])
    return True


@transaction.atomic
def _fail(origin: InventoryImport, why: str) -> bool:
    if _still(origin, "reading"):
        origin.state, origin.error = states.after(origin.state, "fail"), why[:300]
        origin.finished_at = timezone.now()
        origin.save(update_fields=["state", "error", "finished_at"])
    return False


def _still(origin: InventoryImport, state: str) -> bool:
    """Lock the import; whether it stands where this worker left it."""
    now = InventoryImport.objects.select_for_update(of=("self",), no_key=True).get(pk=origin.pk)
    return now.state == state and now.lines_read == origin.lines_read


def _add(origin: InventoryImport, until: float) -> bool:
    """Put matched lines into the inventory, a batch at a time."""
    while time.monotonic() < until:
        added = _add_batch(origin)
        if added is None:
            return False
        if added == 0:
            return True
    return True


@transaction.atomic
def _add_batch(origin: InventoryImport) -> int | None:
    """Add the next lines; how many, None where the import is no longer being added."""
    if not _still(origin, "adding"):
        return None
    matched = origin.lines.filter(state=ImportLine.State.MATCHED)
    for name in matched.exclude(binder_name="").values_list("binder_name", flat=True).distinct():
        create_binder(owner=origin.owner, name=name)
    values = {
        "origin": origin.pk, "owner": origin.owner_id, "binder": origin.binder_id, "most": matching.BATCH,
        "now": timezone.now(),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("set local jit = off")
        cursor.execute(statements.DUE, values)
        if origin.keeps_apart:
            cursor.execute(statements.APART)
        else:
            cursor.execute(statements.JOIN, values)
            cursor.execute(statements.LOCK)
            cursor.execute(statements.GATHER)
            cursor.execute(statements.RAISE)
        cursor.execute(statements.MAKE, values)
        cursor.execute(statements.MOVE, values)
        cursor.execute(statements.TELL)
        cursor.execute("select count(*), coalesce(sum(quantity), 0) from due")
        lines, copies = cursor.fetchone()
        cursor.execute("drop table due")
    if lines:
        outbox.emit(ItemsImported(import_id=origin.pk, owner_id=origin.owner_id, lines=lines, copies=copies))
    else:
        origin.state = states.after("adding", "added")
        origin.finished_at = timezone.now()
        outbox.emit(ImportAdded(import_id=origin.pk, owner_id=origin.owner_id))
    origin.moved_at = timezone.now()
    origin.save(update_fields=["state", "moved_at", "finished_at"])
    return int(lines)


def _undo(origin: InventoryImport, until: float) -> bool:
    """Take out again what came in, all lines of an item together; what a buyer has a claim on stays, and says so."""
    for done in _undone(origin):
        if done is None:
            return False
        if time.monotonic() >= until:
            return True
    return True


def _undone(origin: InventoryImport) -> Iterator[int | None]:
    past = _NEVER
    while True:
        with transaction.atomic():
            if not _still(origin, "undoing"):
                yield None
                return
            values = {
                "origin": origin.pk, "owner": origin.owner_id, "past": past, "most": matching.BATCH, "now": timezone.now()
            }  # fmt: skip
            with connection.cursor() as cursor:
                cursor.execute(statements.UNDO_ITEMS, values)
                cursor.execute("select item_id from gone order by item_id desc limit 1")
                last = cursor.fetchone()
                if last:
                    cursor.execute(statements.UNDO_LOCK)
                    cursor.execute(statements.UNDO_KEPT, values)
                    cursor.execute(statements.UNDO, values)
                cursor.execute("drop table gone")
            origin.moved_at = timezone.now()
            if not last:
                origin.state = states.after("undoing", "undone")
                origin.finished_at = timezone.now()
            origin.save(update_fields=["state", "moved_at", "finished_at"])
        yield 1
        if not last:
            log.info("import.undone", import_id=str(origin.pk))
            return
        past = last[0]
