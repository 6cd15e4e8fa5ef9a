"""Which versions the installed program can run, noted in the table of versions, with the figures beside their weights."""

from __future__ import annotations

from dataclasses import dataclass, field

import structlog
from django.db import transaction
from django.utils import timezone

from apps.core import audit
from apps.scans import engines
from apps.scans.models import ModelVersion

log = structlog.get_logger()

_OWN_COLUMNS = ("name", "version", "sha256", "figures")


@dataclass(frozen=True)
class Registered:
    """What `register` did: new rows, those whose weights changed under their name, those that cannot be run any more."""

    new: list[ModelVersion] = field(default_factory=list)
    changed: list[ModelVersion] = field(default_factory=list)
    gone: list[ModelVersion] = field(default_factory=list)


def runnable() -> dict[tuple[str, str], dict[str, object]]:
    """What the installed program can run: (stage, version) -> the record beside its weights, empty where it has none.

    Weights whose record cannot be read are left out, and logged.
    """
    from ml import engines as known
    from ml.runtime import CannotLoad

    setup = engines.setup()
    found: dict[tuple[str, str], dict[str, object]] = {}
    for stage in known.STAGES:
        for version in known.versions_of(stage, setup):
            try:
                found[stage, version] = known.record_of(stage, version, setup)
            except CannotLoad as error:
                log.error("engine.unreadable", stage=stage, version=version, error=str(error))
    return found


@transaction.atomic
def register() -> Registered:
    """Note what the program can run; a stage without a version in service gets the program's default. Safe to repeat."""
    from ml.engines import DEFAULTS

    here, done = runnable(), Registered()
    rows = {(row.stage, row.version): row for row in ModelVersion.objects.select_for_update()}
    for (stage, version), record in here.items():
        row = rows.get((stage, version))
        told = {
            "digest": str(record.get("sha256", "")),
            "figures": record.get("figures") or {},
            "record": {name: value for name, value in record.items() if name not in _OWN_COLUMNS},
            "is_available": True,
        }
        if row is None:
            row = ModelVersion.objects.create(stage=stage, version=version, **told)
            audit.record(action="model.registered", target=row, after={"digest": row.digest})
            done.new.append(row)
            continue
        if row.digest and row.digest != told["digest"]:
            audit.record(
                action="model.weights_changed",
                target=row,
                before={"digest": row.digest},
                after={"digest": told["digest"]},
            )
            done.changed.append(row)
        ModelVersion.objects.filter(pk=row.pk).update(**told)
    for key, row in rows.items():
        if key not in here and row.is_available:
            _note_gone(row)
            done.gone.append(row)
    _put_defaults_into_service(DEFAULTS)
    return done


def _note_gone(row: ModelVersion) -> None:
    """A release without this version: it looks at no scan any more, and the program's default takes its place."""
    before = {"state": row.state, "share": row.share}
    out_of_use = {
        ModelVersion.State.ACTIVE: ModelVersion.State.RETIRED,
        ModelVersion.State.CANDIDATE: ModelVersion.State.REGISTERED,
    }
    row.state, row.share, row.is_available = out_of_use.get(row.state, row.state), 0, False
    row.save(update_fields=["state", "share", "is_available"])
    audit.record(action="model.gone", target=row, before=before, after={"state": row.state, "share": 0})


def _put_defaults_into_service(defaults: dict[str, str]) -> None:
    served = set(ModelVersion.objects.filter(state=ModelVersion.State.ACTIVE).values_list("stage", flat=True))
    for stage in set(defaults) - served:
        row = ModelVersion.objects.filter(stage=stage, version=defaults[stage], is_available=True).first()
        if row is None:  # its weights are not there, which the worker says too
            continue
        row.state, row.share, row.activated_at = ModelVersion.State.ACTIVE, 0, timezone.now()
        row.is_indexed = stage == ModelVersion.Stage.EMBED
        row.save(update_fields=["state", "share", "activated_at", "is_indexed"])
        audit.record(action="model.promoted", target=row, after={"state": row.state}, reason="the program's default")
