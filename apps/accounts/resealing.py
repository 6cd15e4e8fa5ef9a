"""Rotation of the keys of encrypted fields: everything that an older key sealed is sealed anew with the newest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import models, transaction
from django.db.models.functions import Cast

from apps.core.encryption import (
    SealedAddressField,
    SealedTextField,
    is_current,
    is_stale,
    opened,
    seal,
    unseal,
)

_SECRETS = ("secret", "seed")  # of an authenticator app, of recovery codes


def sealed_tables() -> list[tuple[type[models.Model], list[str]]]:
    """Every table with encrypted fields, and which those are."""
    found = [
        (
            model,
            [
                field.name
                for field in model._meta.concrete_fields
                if isinstance(field, SealedTextField | SealedAddressField)
            ],
        )
        for model in apps.get_models()
    ]
    return [(model, names) for model, names in found if names]


def how_many() -> int:
    """How many rows there are to look at."""
    tables = sum(model._default_manager.count() for model, _names in sealed_tables())
    return tables + Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN).count()


def reseal(*, batch: int = 500) -> Iterator[tuple[int, int]]:
    """Seal anew what is not current, `batch` rows a transaction; yields (rows looked at, rows sealed anew) after each.

    Safe to stop at any time and to run again, also beside a running site: what is current already is passed over.
    Raises Unreadable where none of the keys fits: nothing of that batch is changed then.
    """
    for model, names in sealed_tables():
        yield from _table(model, names, batch)
    yield from _authenticators(batch)


def _table(model: type[models.Model], names: list[str], batch: int) -> Iterator[tuple[int, int]]:
    last = None
    while True:
        with transaction.atomic():
            rows = model._default_manager.order_by("pk").select_for_update()
            rows = rows.filter(pk__gt=last) if last is not None else rows
            stored = {f"stored_{name}": Cast(name, models.TextField()) for name in names}
            found = list(rows.annotate(**stored).values("pk", *stored)[:batch])
            changed = 0
            for row in found:
                old = {name: row[f"stored_{name}"] for name in names}
                stale = dict(_stale(model, old))
                if stale:
                    model._default_manager.filter(pk=row["pk"]).update(**stale)
                    changed += 1
        if not found:
            return
        last = found[-1]["pk"]
        yield len(found), changed


def _stale(model: type[models.Model], stored: dict[str, str | None]) -> Iterator[tuple[str, Any]]:
    """Name and plain value of each field that the newest key has not sealed."""
    for name, text in stored.items():
        if isinstance(model._meta.get_field(name), SealedAddressField):
            if text and is_stale(text):
                yield name, opened(json.loads(text))
        elif text and not is_current(text):
            yield name, unseal(text)


def _authenticators(batch: int) -> Iterator[tuple[int, int]]:
    last = 0
    while True:
        with transaction.atomic():
            rows = Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN).filter(pk__gt=last)
            found = list(rows.order_by("pk").select_for_update()[:batch])
            changed = 0
            for row in found:
                stale = {
                    name: row.data[name] for name in _SECRETS if row.data.get(name) and not is_current(row.data[name])
                }
                if stale:
                    row.data |= {name: seal(unseal(text)) for name, text in stale.items()}
                    row.save(update_fields=["data"])
                    changed += 1
        if not found:
            return
        last = found[-1].pk
        yield len(found), changed
