"""What a member does with an import: send a file, say how to read it, add, cancel, undo. Its lines are repairs.py's.

The long work is work.py's, in a worker; every action here is quick and safe to repeat.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog.models import Finish
from apps.core.errors import Conflict, InvalidInput, NotFound, NotYours, TooLarge
from apps.core.ids import uuid7
from apps.core.scanning import check_file
from apps.inventory.exchange import files, states
from apps.inventory.exchange.formats import FORMATS, detect
from apps.inventory.exchange.layouts import FIELDS, key_of
from apps.inventory.exchange.models import ColumnMapping, ImportLine, InventoryImport
from apps.inventory.exchange.reading import Defaults
from apps.inventory.models import Binder

MOST_OPEN = 5
"""Imports of one member that may be under way at once."""


class TooManyImports(Conflict):
    """The member has as many imports under way as one may have."""

    code, status = "TOO_MANY_IMPORTS", 429


def start_import(
    *,
    upload: BinaryIO,
    file_name: str,
    by: User,
    request_key: str = "",
    slug: str = "",
) -> InventoryImport:
    """Take a file: check it, find out what it is, and keep it until the member says how to go on.

    The same request_key takes it once. `slug` names the format where the member knows better.
    Raises TooLarge, UnsupportedType (no table, or a virus scanner found something), ScannerAway, InvalidInput, TooManyImports.
    """
    if request_key and (earlier := InventoryImport.objects.filter(owner=by, request_key=request_key).first()):
        return earlier
    if InventoryImport.objects.filter(owner=by, state__in=states.LIVE).count() >= MOST_OPEN:
        raise TooManyImports(f"{MOST_OPEN} imports of yours are under way. Wait until one is done.")
    size, digest = _measured(upload)
    check_file(upload)
    layout = files.layout_of(upload)
    mapping, found = mapping_for(owner=by, columns=layout.columns, heading=bool(layout.heading_line), slug=slug)
    upload.seek(0)
    name = default_storage.save(f"imports/{uuid7()}.csv", File(upload))
    try:
        with transaction.atomic():
            return InventoryImport.objects.create(
                owner=by, file=name, file_name=_plain_name(file_name), size=size, digest=digest, request_key=request_key,
                format=found, encoding=layout.encoding, delimiter=layout.delimiter, heading_line=layout.heading_line,
                columns=list(layout.columns), mapping=list(mapping),
                currency=FORMATS[found].currency if found else by.currency,
            )  # fmt: skip
    except Exception:
        default_storage.delete(name)
        raise


def mapping_for(*, owner: User, columns: Sequence[str], heading: bool, slug: str = "") -> tuple[tuple[str, ...], str]:
    """The field of each column and the format: what the member said of such columns before, else what the heading tells."""
    if not heading:
        return ("",) * len(columns), slug
    if slug in FORMATS:
        known = {key_of(column.heading): column.says for column in FORMATS[slug].columns}
        return tuple(known.get(key_of(column), "") for column in columns), slug
    found = detect(list(columns))
    if not found.slug:
        remembered = ColumnMapping.objects.filter(owner=owner, fingerprint=fingerprint_of(columns)).first()
        if remembered and len(remembered.mapping) == len(columns):
            return tuple(remembered.mapping), ""
    return found.mapping, found.slug


def fingerprint_of(columns: Sequence[str]) -> str:
    """The same for files with the same columns."""
    return hashlib.sha256("\x1f".join(key_of(column) for column in columns).encode()).hexdigest()


@transaction.atomic
def read_import(
    *,
    origin: InventoryImport,
    by: User,
    mapping: Sequence[str] | None = None,
    binder: Binder | None = None,
    condition: str = "NM",
    language: str = "en",
    currency: str = "",
    keeps_apart: bool = False,
    adds_at_once: bool = False,
) -> InventoryImport:
    """Begin to read the file with these columns and defaults. Raises NotYours, Conflict, InvalidInput.

    A mapping of columns that no known format has is remembered for the member's next file of the kind.
    """
    origin = locked(origin.pk, by)
    if origin.state in states.LIVE:
        return origin
    if mapping is not None:
        _check_mapping(mapping, origin)
        if list(mapping) != origin.mapping or not origin.format:
            ColumnMapping.objects.update_or_create(
                owner=by, fingerprint=fingerprint_of(origin.columns), defaults={"mapping": list(mapping)}
            )
        origin.mapping = list(mapping)
    _check_mapping(origin.mapping, origin)
    if binder is not None and binder.owner_id != by.pk:
        raise NotYours
    origin.state = states.after(origin.state, "start")
    origin.binder, origin.condition, origin.language = binder, condition, language
    origin.currency = currency or origin.currency
    origin.keeps_apart, origin.adds_at_once, origin.error = keeps_apart, adds_at_once, ""
    origin.save()
    enqueue(origin)
    return origin


@transaction.atomic
def tell_heading(*, origin: InventoryImport, by: User, heading: bool) -> InventoryImport:
    """Say whether the first line of the file names its columns. Raises NotYours, Conflict."""
    origin = locked(origin.pk, by)
    if origin.state != InventoryImport.State.PREVIEW:
        raise Conflict("The file is being read already.")
    with default_storage.open(origin.file, "rb") as stream:
        layout = files.layout_of(stream, heading=heading)
    mapping, origin.format = mapping_for(owner=by, columns=layout.columns, heading=heading)
    origin.heading_line, origin.columns, origin.mapping = layout.heading_line, list(layout.columns), list(mapping)
    origin.save(update_fields=["heading_line", "columns", "mapping", "format"])
    return origin


def add_matched(*, origin: InventoryImport, by: User) -> InventoryImport:
    """Begin to put the matched lines into the inventory. Raises NotYours, Conflict."""
    return _begin(origin, "add", InventoryImport.State.ADDING, by=by)


@transaction.atomic
def cancel_import(*, origin: InventoryImport, by: User) -> InventoryImport:
    """Stop. What was added stays until it is undone; before that nothing of the import is left. Raises NotYours, Conflict."""
    origin = locked(origin.pk, by)
    if origin.state == InventoryImport.State.CANCELLED:
        return origin
    if origin.state == InventoryImport.State.REVIEW and _has_added(origin):
        raise Conflict("Some lines are in your inventory. Undo the import instead.")
    origin.state = states.after(origin.state, "cancel")
    origin.finished_at = timezone.now()
    origin.save(update_fields=["state", "finished_at"])
    if origin.state == InventoryImport.State.CANCELLED:
        origin.lines.all().delete()
        transaction.on_commit(lambda: default_storage.delete(origin.file))
    return origin


@transaction.atomic
def map_again(*, origin: InventoryImport, by: User) -> InventoryImport:
    """Go back to the columns, as long as nothing was added. Repairs are forgotten. Raises NotYours, Conflict."""
    origin = locked(origin.pk, by)
    if _has_added(origin):
        raise Conflict("Some lines are in your inventory already. Undo the import, and send the file again.")
    origin.state = states.after(origin.state, "remap")
    origin.lines.all().delete()
    origin.lines_read = origin.bytes_read = 0
    origin.save(update_fields=["state", "lines_read", "bytes_read"])
    return origin


def undo_import(*, origin: InventoryImport, by: User) -> InventoryImport:
    """Begin to take everything out again that came in. Raises NotYours, Conflict."""
    return _begin(origin, "undo", InventoryImport.State.UNDOING, by=by)


@transaction.atomic
def _begin(origin: InventoryImport, event: str, doing: str, *, by: User) -> InventoryImport:
    """Have a worker do what `event` leads to; asked again while it is `doing` that, nothing is new."""
    origin = locked(origin.pk, by)
    if origin.state == doing:
        return origin
    origin.state = states.after(origin.state, event)
    origin.save(update_fields=["state"])
    enqueue(origin)
    return origin


def enqueue(origin: InventoryImport) -> None:
    """Have a worker carry on, once this is committed."""
    from apps.inventory.tasks import carry_on_import

    InventoryImport.objects.filter(pk=origin.pk).update(queued_at=timezone.now())
    transaction.on_commit(lambda: carry_on_import.delay(str(origin.pk)), robust=True)


def defaults_of(origin: InventoryImport) -> Defaults:
    """What holds where a line of this import says nothing."""
    known = FORMATS.get(origin.format)
    leaves_blank = known is not None and known.finishes.get(Finish.NORMAL) == ""
    return Defaults(
        site=known.site if known else "",
        blank_finish=Finish.NORMAL.value if leaves_blank else "",
        condition=origin.condition,
        language=origin.language,
        currency=origin.currency,
        zero_is_no_cost=origin.format != "cardvault",
    )


def _measured(upload: BinaryIO) -> tuple[int, str]:
    """Bytes and SHA-256. Raises TooLarge as soon as the limit is passed."""
    digest, size = hashlib.sha256(), 0
    upload.seek(0)
    while chunk := upload.read(1 << 20):
        size += len(chunk)
        if size > settings.IMPORT_MAX_BYTES:
            raise TooLarge(f"The file is over {settings.IMPORT_MAX_BYTES // 2**20} MB. Split it, and send the parts.")
        digest.update(chunk)
    return size, digest.hexdigest()


def _plain_name(name: str) -> str:
    """The last part of what a browser calls the file, without what cannot be shown."""
    plain = "".join(each for each in name.replace("\\", "/").rsplit("/", 1)[-1] if each.isprintable())
    return plain[:200] or "file.csv"


def _check_mapping(mapping: Sequence[str], origin: InventoryImport) -> None:
    if len(mapping) != len(origin.columns) or any(says and says not in FIELDS for says in mapping):
        raise InvalidInput("Choose for each column what it says, or that it is left out.", field="mapping")
    told = [says for says in mapping if says]
    twice = sorted({FIELDS[says] for says in told if told.count(says) > 1})
    if twice:
        raise InvalidInput(f"Two columns say the same: {', '.join(twice)}. Leave one out.", field="mapping")
    if not {"name", "scryfall", "tcgplayer", "cardmarket", "variant_id"} & set(told) and "number" not in told:
        raise InvalidInput("Say which column names the card: its name, its number, or an id.", field="mapping")


def _has_added(origin: InventoryImport) -> bool:
    return origin.lines.filter(state__in=[ImportLine.State.ADDED, ImportLine.State.MERGED]).exists()


def locked(pk: UUID, by: User) -> InventoryImport:
    """The import under its row lock. Raises NotFound, NotYours."""
    origin = InventoryImport.objects.select_for_update(of=("self",), no_key=True).filter(pk=pk).first()
    if origin is None:
        raise NotFound("This import is gone.")
    if origin.owner_id != by.pk:
        raise NotYours
    return origin
