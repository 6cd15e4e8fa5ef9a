"""What a member does with the lines of an import that has been read: say which card, correct, dismiss, take up again."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection, transaction
from django.db.models import QuerySet

from apps.accounts.models import User
from apps.catalog.models import Variant
from apps.core.errors import Conflict, InvalidInput
from apps.inventory.exchange import matching, states
from apps.inventory.exchange.actions import defaults_of, locked
from apps.inventory.exchange.layouts import FIELDS
from apps.inventory.exchange.models import ImportLine, InventoryImport
from apps.inventory.exchange.reading import MOST_SAID

_REPAIRABLE = (ImportLine.State.MATCHED, *states.WAITING)


@transaction.atomic
def pick_printing(*, line: ImportLine, variant: Variant, by: User, alike: bool = True) -> int:
    """Say which card a line means, and all lines that name it alike. Returns how many lines that settled.

    Lines in which something else is bad wait for that first. Raises NotYours, Conflict.
    """
    _locked_for_repair(line, by)
    chosen = _like(line) if alike else ImportLine.objects.filter(pk=line.pk)
    settled = chosen.filter(state__in=_REPAIRABLE).exclude(state=ImportLine.State.BAD).update(
        variant=variant, state=ImportLine.State.MATCHED, problem="", reason=""
    )  # fmt: skip
    if not settled:
        raise Conflict("This line is settled already.")
    return settled


@transaction.atomic
def correct_line(*, line: ImportLine, by: User, alike: bool = True, **said: str) -> int:
    """Change what a line says (`condition="NM"`), field by field, and have it looked up again. Returns how many lines.

    alike: where one bad word is changed, in every line of the import that has the same word there; where the card is named
    anew, in every line that names it as this one did. Raises NotYours, InvalidInput, Conflict.
    """
    origin = _locked_for_repair(line, by)
    if unknown := [name for name in said if name not in FIELDS]:
        raise InvalidInput("These fields do not exist.", fields=unknown)
    changes = {name: " ".join(text.split())[:MOST_SAID] for name, text in said.items()}
    changes = {name: text for name, text in changes.items() if text != line.said.get(name, "")}
    if not changes and line.problem not in ("more", "broken"):
        raise InvalidInput("Nothing was changed.")
    changed = ImportLine.objects.filter(pk=line.pk)
    if alike and line.problem in changes and line.problem in line.said:
        changed = origin.lines.filter(problem=line.problem, **{f"said__{line.problem}": line.said[line.problem]})
    elif alike and line.problem == "card":
        changed = _like(line)
    return _look_again(origin, changed.filter(state__in=_REPAIRABLE), changes)


@transaction.atomic
def dismiss_lines(*, line: ImportLine, by: User, alike: bool = False) -> int:
    """Leave a line out, or all that wait for the same reason. Returns how many. Raises NotYours, Conflict."""
    _locked_for_repair(line, by)
    chosen = ImportLine.objects.filter(pk=line.pk)
    if alike and line.problem == "card":
        chosen = _like(line)
    elif alike and line.problem in line.said:
        chosen = line.origin.lines.filter(problem=line.problem, **{f"said__{line.problem}": line.said[line.problem]})
    return chosen.filter(state__in=_REPAIRABLE).update(state=ImportLine.State.DISMISSED)


@transaction.atomic
def dismiss_waiting(*, origin: InventoryImport, by: User) -> int:
    """Leave out every line that waits. Returns how many. Raises NotYours, Conflict."""
    origin = locked(origin.pk, by)
    if origin.state != InventoryImport.State.REVIEW:
        raise Conflict("Wait until the file has been read.")
    return origin.lines.filter(state__in=states.WAITING).update(state=ImportLine.State.DISMISSED)


@transaction.atomic
def take_up_again(*, line: ImportLine, by: User) -> int:
    """Look again at a line that was dismissed. Raises NotYours, Conflict."""
    origin = _locked_for_repair(line, by)
    changed = origin.lines.filter(pk=line.pk, state=ImportLine.State.DISMISSED)
    changed.update(state=ImportLine.State.BAD)
    return _look_again(origin, ImportLine.objects.filter(pk=line.pk, state=ImportLine.State.BAD), {})


def _locked_for_repair(line: ImportLine, by: User) -> InventoryImport:
    origin = locked(line.origin_id, by)
    if origin.state != InventoryImport.State.REVIEW:
        raise Conflict("Wait until the file has been read and what is matched has been added.")
    line.refresh_from_db()
    return origin


def _like(line: ImportLine) -> QuerySet[ImportLine]:
    return ImportLine.objects.filter(origin=line.origin_id, likeness=line.likeness)


def _look_again(origin: InventoryImport, lines: QuerySet[ImportLine], changes: dict[str, str]) -> int:
    """Patch what these lines say and match them anew, a batch at a time."""

    def patched() -> Iterator[matching.Line]:
        for pk, number, part, said in (
            lines.order_by("line", "part").values_list("pk", "line", "part", "said").iterator()
        ):
            said = {name: text for name, text in {**said, **changes}.items() if text}
            if changes:
                said.pop("more", None)
                said.pop("broken", None)
            yield pk, number, part, said

    changed, batch = 0, []
    with connection.cursor() as cursor:
        for each in patched():
            batch.append(each)
            if len(batch) == matching.BATCH:
                changed += matching.keep(cursor, origin, batch, defaults_of(origin), again=True)
                batch = []
        changed += matching.keep(cursor, origin, batch, defaults_of(origin), again=True)
    if not changed:
        raise Conflict("This line is settled already.")
    return changed
