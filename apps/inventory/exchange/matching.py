"""Lines on their way into the table of lines: COPY into a stage, then a few statements that find what they name."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from apps.inventory.exchange import statements
from apps.inventory.exchange.models import InventoryImport
from apps.inventory.exchange.reading import Defaults, Reading, likeness_of, reading_of

BATCH = 4000
"""Lines that are staged at once: what bounds the memory of an import."""

Line = tuple[UUID | str, int, int, dict[str, str]]
"""Id, line, part, and what is said."""


def keep(
    cursor: Any, origin: InventoryImport, lines: Sequence[Line], defaults: Defaults, *, again: bool = False
) -> int:
    """Write lines with what they name, in the caller's transaction; how many rows changed.

    Lines that are there already stay as they are, unless `again`: then those that wait or are matched are looked at anew.
    """
    if not lines:
        return 0
    stage(cursor, lines, defaults)
    cursor.execute(statements.RESOLVE)
    cursor.execute(statements.KEEP_AGAIN if again else statements.KEEP, {"origin": origin.pk})
    changed = int(cursor.rowcount)
    cursor.execute(statements.UNSTAGE)
    return changed


def stage(cursor: Any, lines: Sequence[Line], defaults: Defaults) -> None:
    """Fill the temporary tables stage_line, stage_lookup, stage_release and stage_candidate: the cards that lines may name."""
    cursor.execute(statements.STAGE)
    with cursor.copy(statements.COPY) as copy:
        for line in lines:
            copy.write_row(_row(line, reading_of(line[3], defaults)))
    cursor.execute("set local jit = off")
    cursor.execute(statements.LOOKUPS, {"language": defaults.language})
    for statement in (
        statements.BY_ID, statements.BY_NUMBER, statements.BY_NAME_IN_SET, statements.BY_NUMBER_AND_NAME,
        statements.BY_NAME,
    ):  # fmt: skip
        cursor.execute(statement)


def _row(line: Line, reading: Reading) -> Iterable[Any]:
    """A line as the stage has it; nothing in it may be longer than its column."""
    number = reading.number[:40]
    return (
        str(line[0]), line[1], line[2], json.dumps(line[3]), reading.problem, reading.reason, likeness_of(line[3]),
        [name[:200] for name in reading.names], [code[:160] for code in reading.sets], number,
        [source for source, _ in reading.ids], [value[:64] for _, value in reading.ids], reading.variant_id or None,
        reading.finish, reading.treatment, reading.language, reading.quantity, reading.condition, reading.grade_company,
        reading.grade, reading.unit_cost_minor, reading.currency, reading.acquired_on, reading.binder, reading.notes,
    )  # fmt: skip
