"""Steps that several migrations take: sealing a column of addresses, some rows at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.migrations import RunPython

from apps.core.encryption import closed, opened

AT_ONCE = 1000


def sealing(app: str, model: str, column: str) -> RunPython:
    """Seals the addresses of a JSON column, and opens them again backwards; each batch is a transaction, so that none waits long.

    For a migration with `atomic = False`, before the column becomes a SealedAddressField. Safe to repeat: what is sealed stays.
    """
    return RunPython(_rewritten(app, model, column, _closed_once), _rewritten(app, model, column, opened))


def _closed_once(address: Any) -> Any:
    return closed(opened(address))


def _rewritten(app: str, model: str, column: str, by: Callable[[Any], Any]) -> Callable[[Any, Any], None]:
    def run(apps: Any, schema_editor: Any) -> None:
        every = apps.get_model(app, model).objects.order_by("pk")
        last = None
        while True:
            with transaction.atomic():
                rows = every.select_for_update()
                batch = list((rows.filter(pk__gt=last) if last else rows)[:AT_ONCE])
                for row in batch:
                    setattr(row, column, by(getattr(row, column)))
                every.model.objects.bulk_update(batch, [column])
            if not batch:
                return
            last = batch[-1].pk

    return run
