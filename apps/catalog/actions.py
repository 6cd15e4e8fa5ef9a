"""Writes to the catalogue: importing a file, refreshing the vocabulary, adding finishes that a market shows to exist."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from apps.catalog.importers import IMPORTERS, statements
from apps.catalog.importers.loader import Report, load
from apps.catalog.models import Variant
from apps.core.errors import InvalidInput


def import_catalog(*, kind: str, path: Path, progress: Callable[[Iterable[Any]], Iterable[Any]] = iter) -> Report:
    """Import a file or folder of one of the formats in `IMPORTERS`. All of it or nothing is written; a repeat changes nothing.

    Raises InvalidInput when the kind or the file is not what it should be; single records that cannot be used are kept
    as rejected input instead.
    """
    if kind not in IMPORTERS:
        raise InvalidInput(f"{kind!r} is not a format. Known: {', '.join(IMPORTERS)}.")
    if not path.exists():
        raise InvalidInput(f"There is no {path}.")
    return load(progress(IMPORTERS[kind][1](path)), origin=f"catalog.{kind}")


@transaction.atomic
def refresh_vocabulary() -> None:
    """Bring the words that typos are compared with up to date; the importers do it themselves."""
    with connection.cursor() as cursor:
        cursor.execute(statements.REFRESH_WORDS)


def add_variants(*, wanted: Iterable[tuple[UUID, str, str]]) -> int:
    """Add (product, finish, language) that do not exist yet; returns how many were new."""
    rows = [Variant(product_id=product, finish=finish, language=language) for product, finish, language in set(wanted)]
    before = Variant.objects.filter(product__in={row.product_id for row in rows}).count()
    Variant.objects.bulk_create(rows, ignore_conflicts=True, batch_size=2000)
    return Variant.objects.filter(product__in={row.product_id for row in rows}).count() - before
