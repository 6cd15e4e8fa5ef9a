"""A restore that proves itself: onto a scratch server, to a point in time, with its books, rows and files compared.

Work lost (RPO) is counted from the order to the last transaction that was restored, time taken (RTO) from the order until
the books are proven. What is in service is read, never touched, but for the row that tells how the drill went.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.backups import media
from apps.backups.models import MediaCopy, RestoreDrill

# Table and the column that says when a row came. What is append only must be the same on both sides; of the rest, rows that
# are in service must have been restored (what was deleted since may be there in addition).
APPEND_ONLY = {"escrow.LedgerTransaction": "posted_at", "core.AuditEntry": "at"}
OTHERS = (
    "accounts.User",
    "catalog.Product",
    "inventory.InventoryItem",
    "listings.Listing",
    "trades.Trade",
    "escrow.Hold",
)


class DrillFailed(Exception):
    """The backup is not good; the text says what is amiss."""


@dataclass
class Order:
    """What to restore and where. settled: rows younger than so at the point that was reached are not compared."""

    at: dt.datetime | None = None
    scratch: Path | None = None
    settled: dt.timedelta = dt.timedelta(minutes=10)
    media_sample: int = 200
    patience: float = 3600.0
    keep: bool = False
    stages: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a part."""
        began = time.monotonic()
        yield
        self.stages[name] = round(time.monotonic() - began, 2)


def drill(order: Order) -> RestoreDrill:
    """Restore, prove, compare, and store how it went. Raises DrillFailed, after the row is stored."""
    run = RestoreDrill.objects.create(asked_for=order.at)
    ordered_at, began = timezone.now(), time.monotonic()
    home = Path(tempfile.mkdtemp(prefix="drill-", dir=order.scratch))
    try:
        amiss = _drill(run, order, home, ordered_at, began)
    except (_restoring().RestoreFailed, media.CopiesOff, psycopg.Error, OSError) as error:
        amiss = [str(error).strip()]
    finally:
        if not order.keep:
            shutil.rmtree(home, ignore_errors=True)
    run.stages, run.trouble = order.stages, "\n".join(amiss)
    run.save()
    if amiss:
        raise DrillFailed(run.trouble)
    return run


def _restoring() -> Any:
    """What starts servers is the configuration's room, which apps do not import."""
    return import_module("config.restoring")


def _drill(run: RestoreDrill, order: Order, home: Path, ordered_at: dt.datetime, began: float) -> list[str]:
    restoring = _restoring()
    with order.stage("restore"):
        run.backup = restoring.Barman(settings.BARMAN_SERVER, settings.BARMAN_CONFIG).restore(
            home / "data", at=order.at
        )
    with ExitStack() as open_until_compared:
        with order.stage("replay"):
            sockets = open_until_compared.enter_context(restoring.scratch_server(home, patience=order.patience))
        where = connection.settings_dict
        user, name = where["USER"] or os.environ.get("USER", ""), where["NAME"]
        with psycopg.connect(host=str(sockets), user=user, dbname=name, autocommit=True) as restored:
            run.reached_at, run.database_bytes = restored.execute(
                "SELECT pg_last_xact_replay_timestamp(), pg_database_size(current_database())"
            ).fetchone() or (None, None)
            if run.reached_at is None:
                # Not one transaction came after the base backup: it is as new as everything there is.
                return ["nothing was replayed after the base backup: is the log received? barman check says more"]
            run.rpo_seconds = max(0.0, ((order.at or ordered_at) - run.reached_at).total_seconds())
            settled = run.reached_at - order.settled
            with order.stage("books"):
                run.counts["ledger"] = restoring.ledger_of(
                    sockets, user=user, name=name, redis_url=settings.REDIS_URL, known=_seal_before(settled)
                )
            run.rto_seconds = round(time.monotonic() - began, 2)
            with order.stage("rows"):
                amiss = _compare_rows(run, restored, settled)
            with order.stage("media"):
                amiss += _compare_media(run, restored, order.media_sample)
    return amiss


def _seal_before(settled: dt.datetime) -> str:
    """The newest seal of the books in service that must have been restored, as check_ledger takes it."""
    seal = apps.get_model("escrow.LedgerSeal").objects.filter(sealed_at__lt=settled).order_by("-number").first()
    return f"{seal.number}:{bytes(seal.hash).hex()}" if seal else ""


def _compare_rows(run: RestoreDrill, restored: psycopg.Connection[Any], settled: dt.datetime) -> list[str]:
    amiss = []
    for label in (*APPEND_ONLY, *OTHERS):
        model = apps.get_model(label)
        table, column = model._meta.db_table, APPEND_ONLY.get(label) or _born(model)
        asked = f'SELECT count(*) FROM "{table}" WHERE "{column}" < %s'  # noqa: S608 - names of our own tables
        with connection.cursor() as cursor:
            cursor.execute(asked, [settled])
            (now,) = cursor.fetchone()
        (there,) = restored.execute(asked, [settled]).fetchone() or (0,)
        run.counts[label] = {"restored": there, "in_service": now}
        if there < now or (label in APPEND_ONLY and there != now):
            amiss.append(
                f"{label}: {there} rows from before {settled:%Y-%m-%d %H:%M:%S} were restored, {now} are in service"
            )
    return amiss


def _born(model: Any) -> str:
    names = {column.name for column in model._meta.concrete_fields}
    return next(name for name in ("created_at", "date_joined") if name in names)


def _compare_media(run: RestoreDrill, restored: psycopg.Connection[Any], sample: int) -> list[str]:
    """The copies that the restored rows tell of, as far as their time is not over in service."""
    if "backups" not in settings.STORAGES:
        return []
    there = restored.execute(f"SELECT count(*) FROM {MediaCopy._meta.db_table} WHERE gone_at IS NULL").fetchone()  # noqa: S608
    found = media.compare(MediaCopy.objects.filter(gone_at=None), sample=sample)
    run.media = {
        "restored_rows": there[0] if there else 0,
        "copies": found.copies, "missing": found.missing, "opened": found.opened, "differing": found.differing,
    }  # fmt: skip
    if found.missing or found.differing:
        return [f"media: {found.missing} copies missing, {found.differing} differ, such as {', '.join(found.examples)}"]
    return []


@dataclass(frozen=True)
class Aims:
    """What a drill has to keep to, in seconds."""

    rpo: float = 900.0
    rto: float = 3600.0

    def missed(self, run: RestoreDrill) -> list[str]:
        """Which aims the drill missed, in words."""
        said = []
        if run.asked_for is None and run.rpo_seconds is not None and run.rpo_seconds > self.rpo:
            said.append(f"{run.rpo_seconds:.0f} s of work would be lost; at most {self.rpo:.0f} s are allowed")
        if run.rto_seconds is not None and run.rto_seconds > self.rto:
            said.append(f"it took {run.rto_seconds:.0f} s; at most {self.rto:.0f} s are allowed")
        return said
