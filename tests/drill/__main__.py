"""`make drill`: back up a database in service, restore it to two points in time, prove it, and see that bad backups are told.

Needs barman (make setup-backup), gpg and rsync. Sizes: ARGS="--cards 20000 --days 400" is about 4 GB.
Exits with 1 when a good backup is refused or a bad one passes.
"""

from __future__ import annotations

import argparse
import datetime as dt
import io
import json
import os
import shutil
import sys
import tempfile
import time
import uuid
from pathlib import Path

from tests.drill.source import PASSPHRASE, Backups, Source, missing

_MEDIA = 300
_AT_ONCE = 500


def main() -> int:
    """Run; 0 when everything went as it must."""
    parser = argparse.ArgumentParser(prog="python -m tests.drill", description=__doc__.splitlines()[0])
    parser.add_argument("--cards", type=int, default=240, help="cards with a quote a day")
    parser.add_argument("--days", type=int, default=60, help="days of quotes")
    parser.add_argument("--postings", type=int, default=5_000, help="ledger transactions, twice: before and after")
    parser.add_argument("--folder", type=Path, help="where everything lies meanwhile")
    given = parser.parse_args()
    if lacking := missing():
        sys.exit(f"cardvault: {', '.join(lacking)} missing: make setup-backup; apt-get install gnupg rsync.")
    folder = Path(tempfile.mkdtemp(prefix="cv-d-", dir=given.folder))
    source = Source(folder)
    backups = None
    try:
        _use(source, folder)
        made = _fill(given)
        print(f"database: {_gigabytes():.2f} GB, made in {made:.0f} s", flush=True)
        backups = Backups(folder / "barman", source)
        os.environ["BARMAN_CONFIG"] = str(backups.config)
        return run(backups, folder, given.postings)
    finally:
        from django.db import connections

        connections.close_all()
        if backups:
            backups.end()
        source.end()
        shutil.rmtree(folder, ignore_errors=True)


def run(backups: Backups, folder: Path, postings: int) -> int:
    """Backup, work, drills; then the same with something amiss."""
    from django.conf import settings

    settings.BARMAN_CONFIG = str(backups.config)
    began = time.monotonic()
    backups("backup", "--wait", "--immediate-checkpoint")
    print(f"base backup: {time.monotonic() - began:.1f} s, {backups.size / 1e9:.2f} GB kept, sealed", flush=True)
    _post(postings)
    chosen = dt.datetime.now(dt.UTC)
    _post(postings)
    found = []
    found += _expect("the latest", True, folder)
    found += _expect(
        "the latest, with the log's last segment closed", True, folder, before=lambda: backups("switch-wal")
    )
    found += _expect("a point in time", True, folder, at=chosen)
    copy = next((folder / "copies").rglob("*.jpg"))
    kept = copy.read_bytes()
    found += _expect("a copy of a picture is missing", False, folder, before=copy.unlink)
    copy.write_bytes(kept[:40] + b"?" + kept[41:])
    found += _expect("a copy of a picture was changed", False, folder)
    copy.write_bytes(kept)
    os.environ["BACKUP_PASSPHRASE"] = "forgotten"
    backups.forget()
    found += _expect("the passphrase is wrong", False, folder)
    os.environ["BACKUP_PASSPHRASE"] = PASSPHRASE
    base = max((folder / "barman/home/cardvault/base").glob("*/data/base.tar.gz.gpg"))
    with base.open("r+b") as file:
        file.seek(base.stat().st_size // 2)
        file.write(b"\0" * 4096)
    found += _expect("the base backup was damaged", False, folder)
    print("\n".join(found) or "every good backup passed, every bad one was told")
    return 1 if found else 0


def _expect(what: str, good: bool, folder: Path, *, at: dt.datetime | None = None, before: object = None) -> list[str]:
    from django.core.management import CommandError, call_command

    if before:
        before()
    out = io.StringIO()
    how = ["--settled", "1", "--media-sample", str(_MEDIA), "--scratch", str(folder), "--json"]
    try:
        call_command("restore_drill", *how, *(["--at", at.isoformat()] if at else []), stdout=out)
    except CommandError as error:
        print(f"-- {what}: {str(error).strip()[:300]}", flush=True)
        return [f"{what}: a good backup was refused"] if good else []
    told = json.loads(out.getvalue())
    print(
        f"-- {what}: RPO {told['rpo_seconds']:.2f} s, RTO {told['rto_seconds']:.1f} s, {told['stages']}, "
        f"ledger {told['counts']['ledger']['transactions']}, media {told['media']}",
        flush=True,
    )
    if at and not abs((dt.datetime.fromisoformat(told["reached_at"]) - at).total_seconds()) < 60:
        return [f"{what}: reached {told['reached_at']}, asked for {at}"]
    return [] if good else [f"{what}: a bad backup passed"]


def _use(source: Source, folder: Path) -> None:
    """Point this process's Django, and what it starts, at the source."""
    from cryptography.fernet import Fernet

    os.environ |= {
        "DATABASE_URL": source.addresses.database_url,
        "REDIS_URL": source.addresses.redis_url,
        "CARDVAULT_DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "config.settings.development",
        "BACKUP_MEDIA": str(folder / "copies"),
        "BACKUP_KEYS": Fernet.generate_key().decode(),
        "LOG_LEVEL": "WARNING",
    }
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def _fill(given: argparse.Namespace) -> float:
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage

    from apps.backups.media import copy_media
    from tests.benchmarks.quoted_world import make_world

    began = time.monotonic()
    make_world(given.cards, given.days)
    _post(given.postings)
    for n in range(_MEDIA):
        default_storage.save(f"scans/{n:04}.jpg", ContentFile(os.urandom(50_000)))
    assert copy_media().copied == _MEDIA
    return time.monotonic() - began


def _post(postings: int) -> None:
    """So many ledger transactions, sealed: costs that the company pays itself, for which nothing else has to be there."""
    from django.db import transaction

    from apps.core.money import Money
    from apps.escrow import ledger

    for start in range(0, postings, _AT_ONCE):
        some = [
            ledger.Posting(
                kind="drill",
                idempotency_key=f"drill:{uuid.uuid4()}",
                cause="",
                entries=[(ledger.CLEARING, Money(-cents, "USD")), (ledger.PROCESSING, Money(cents, "USD"))],
            )
            for cents in range(1, min(_AT_ONCE, postings - start) + 1)
        ]
        with transaction.atomic():
            ledger.post_many(some)
    while ledger.seal():
        pass


def _gigabytes() -> float:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select pg_database_size(current_database())")
        return cursor.fetchone()[0] / 1e9


if __name__ == "__main__":
    sys.exit(main())
