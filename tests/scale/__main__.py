"""`make scale`: reads from a replica that really streams, the site behind a real PgBouncer, and four Redis for what is one else.

The replica is told to wait, so that what it answers is told apart from what the primary does. Exits with 1 on a difference.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from config.embedded.addresses import postgres_answers
from config.embedded.processes import dies_with_parent
from config.embedded.servers import Postgres
from tests.drill.source import Source
from tests.scale.redises import Redises, stores

_POOL = 3


def main() -> int:
    """Run; 0 when all is as it must be."""
    program = shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")
    if program is None:
        sys.exit("cardvault: pgbouncer missing: apt-get install pgbouncer.")
    folder = Path(tempfile.mkdtemp(prefix="cv-s-"))
    source = Source(folder)
    follower = bouncer = None
    servers = Redises(folder / "redises")
    try:
        follower = follow(source, folder / "follower")
        bouncer = bounce(source, folder / "bouncer", program)
        os.environ |= {
            "DATABASE_URL": f"postgresql://cardvault@/cardvault?host={folder / 'bouncer'}",
            "DATABASE_REPLICA_URL": f"postgresql://cardvault@/cardvault?host={follower.sockets}",
            "PGBOUNCER": "true",
            **servers.environment,
            "CARDVAULT_DATA_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "config.settings.development",
            "LOG_LEVEL": "ERROR",
            "ALLOWED_HOSTS": "testserver,127.0.0.1",
        }
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        found = replica(follower) + pgbouncer() + stores(servers)
    finally:
        if bouncer:
            bouncer.terminate()
            bouncer.wait(20)
        if follower:
            follower.stop()
        servers.end()
        source.end()
        shutil.rmtree(folder, ignore_errors=True)
    print("\n".join(found) or "all as it must be")
    return 1 if found else 0


def follow(source: Source, folder: Path) -> Postgres:
    """A second server that streams from the first."""
    sockets = folder / "s"
    sockets.mkdir(mode=0o700, parents=True)
    server = Postgres(folder, sockets, source.postgres.binaries, ephemeral=False)
    command = [
        server.binaries["pg_basebackup"],
        "-h",
        str(source.sockets),
        "-U",
        "postgres",
        "-D",
        str(folder / "data"),
    ]
    subprocess.run([*command, "-R", "-X", "stream", "-c", "fast"], check=True)
    server.start(wal_level="replica", max_wal_senders=10)
    _until(lambda: postgres_answers(sockets))
    return server


def bounce(source: Source, folder: Path, program: str) -> subprocess.Popen[bytes]:
    """PgBouncer before the first server, with few connections to it."""
    folder.mkdir(mode=0o700)
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\ncardvault = user=cardvault host={source.sockets} port=5432\n"
        "[pgbouncer]\nlisten_addr =\nlisten_port = 5432\n"
        f"unix_socket_dir = {folder}\nauth_type = any\npool_mode = transaction\ndefault_pool_size = {_POOL}\n"
        f"max_client_conn = 500\nlogfile = {folder}/log\n"
    )

    def nobody() -> None:
        os.setgid(65534)
        os.setuid(65534)

    as_root = os.geteuid() == 0
    if as_root:  # it refuses root
        for path in (source.folder, source.sockets, folder.parent):
            path.chmod(0o711)
        (source.sockets / ".s.PGSQL.5432").chmod(0o777)
        for path in (folder, *folder.iterdir()):
            os.chown(path, 65534, 65534)
        folder.chmod(0o755)
    process = subprocess.Popen(
        [program, str(folder / "pgbouncer.ini")], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        preexec_fn=dies_with_parent(15, nobody if as_root else None),
    )  # fmt: skip
    _until(lambda: (folder / ".s.PGSQL.5432").exists())
    return process


def replica(follower: Postgres) -> list[str]:
    """Who reads where, with the replica a moment behind."""
    import psycopg
    from django.db import transaction
    from django.http import HttpResponse
    from django.test import RequestFactory

    from apps.catalog.models import Category
    from config.replicas import reads

    row = Category.objects.using("default").order_by("pk").first()
    _until(lambda: Category.objects.using("replica").filter(pk=row.pk).exists())
    with psycopg.connect(host=str(follower.sockets), user="postgres", dbname="cardvault", autocommit=True) as replaying:
        replaying.execute("select pg_wal_replay_pause()")
        before = row.name
        Category.objects.filter(pk=row.pk).update(name="changed")
        seen: list[str] = []

        def asks(then: Callable[[], None] = lambda: None) -> Callable[..., HttpResponse]:
            def view(request: object) -> HttpResponse:
                then()
                seen.append(Category.objects.get(pk=row.pk).name)
                return HttpResponse()

            return reads(view)

        def within() -> None:
            with transaction.atomic():
                seen.append(Category.objects.get(pk=row.pk).name)

        def writes() -> None:
            Category.objects.filter(pk=row.pk).update(name="changed")

        make = RequestFactory()
        asks()(make.get("/"))
        asks()(make.post("/", headers={"Authorization": "Bearer one"}))
        asks()(make.get("/", headers={"Authorization": "Bearer one"}))
        asks()(make.get("/", headers={"Authorization": "Bearer two"}))
        asks(writes)(make.get("/", headers={"Authorization": "Bearer two"}))
        asks()(make.get("/", headers={"Authorization": "Bearer two"}))
        asks(within)(make.get("/"))
        outside = Category.objects.get(pk=row.pk).name
        replaying.execute("select pg_wal_replay_resume()")
        _until(lambda: Category.objects.using("replica").get(pk=row.pk).name == "changed")
    expected = [before, "changed", "changed", before, "changed", "changed", "changed", before]
    print(f"replica: a visitor, who writes, who has written, another, one who writes in between, that one again, "
          f"in a transaction and after it: {seen}; a task: {outside}")  # fmt: skip
    return [] if seen == expected and outside == "changed" else [f"replica: expected {expected}"]


def pgbouncer() -> list[str]:
    """Forty threads share three connections: pages, cursors over many rows, transactions, repeated statements."""
    from django.conf import settings
    from django.db import connections, transaction
    from django.test import Client

    from apps.catalog.models import Category

    settings.ALLOWED_HOSTS = ["testserver", "127.0.0.1"]  # probes are asked by any name

    def work(number: int) -> list[str]:
        client, told = Client(), []
        try:
            for path in ("/", "/readyz", "/api/v1/sets", "/accounts/login/"):
                status = client.get(path).status_code
                told += [f"{path}: {status}"] if status != 200 else []
            for _ in range(20):
                rows = [row.pk for row in Category.objects.using("default").iterator(chunk_size=3)]
                told += [] if len(rows) == Category.objects.using("default").count() else ["rows are missing"]
            with transaction.atomic():
                Category.objects.select_for_update().get(pk=rows[number % len(rows)])
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            told.append(repr(error))
        finally:
            connections.close_all()
        return told

    with ThreadPoolExecutor(40) as pool:
        found = [line for told in pool.map(work, range(40)) for line in told]
    print(f"pgbouncer: 40 threads on {_POOL} connections, {len(found)} failures")
    return sorted(set(found))[:10]


def _until(holds: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {seconds:.0f} s in vain")
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
