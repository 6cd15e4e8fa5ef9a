"""A PostgreSQL in service with Redis beside it, and a Barman that backs it up, sealed with a key made for the occasion."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from config.embedded.addresses import Addresses, postgres_answers, redis_answers
from config.embedded.binaries import find_postgres, find_redis
from config.embedded.servers import Postgres, Redis
from config.env import ROOT

PASSPHRASE = "only for drills"
_ARCHIVED = {"wal_level": "replica", "max_wal_senders": 10, "archive_timeout": 60, "max_wal_size": "2GB"}


class Source:
    """Both servers in a folder, for as long as this process lives."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.sockets = folder, folder / "s"
        for each in (folder / "postgres", folder / "redis", self.sockets):
            each.mkdir(mode=0o700)
        self.postgres = Postgres(folder / "postgres", self.sockets, find_postgres(), ephemeral=False)
        self.redis = Redis(folder / "redis", self.sockets, find_redis(), ephemeral=True)
        self.redis.start()
        self.postgres.create()
        self.postgres.start(**_ARCHIVED)
        _until(lambda: postgres_answers(self.sockets) and redis_answers(self.sockets), "the servers")
        self.postgres.prepare()
        self.addresses = Addresses.in_folder(self.sockets)

    def end(self) -> None:
        """Stop both."""
        self.postgres.stop()
        self.redis.stop()


class Backups:
    """Barman with its folder, streaming from the source from now on. Its settings are those of docker/backup/barman.conf."""

    def __init__(self, folder: Path, source: Source) -> None:
        self.folder = folder
        for name in ("gpg", "home", "staging", "conf.d"):
            (folder / name).mkdir(mode=0o700, parents=True)
        os.environ["GNUPGHOME"] = str(folder / "gpg")
        os.environ["BACKUP_PASSPHRASE"] = PASSPHRASE
        _ran(
            "gpg", "--batch", "--quiet", "--passphrase", PASSPHRASE, "--quick-gen-key", "backup@cardvault.example",
            "default", "default", "never",
        )  # fmt: skip
        listed = _ran("gpg", "--list-keys", "--with-colons")
        key = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr"))
        where = f"host={source.sockets} user=postgres dbname=cardvault"
        text = (ROOT / "docker/backup/barman.conf").read_text()
        for name, value in {
            "@USER@": _ran("id", "-un").strip(),
            "@HOME@": str(folder / "home"),
            "@PROGRAMS@": str(source.postgres.binaries.folder),
            "@DATABASE@": where,
            "@STREAM@": where,
            "@KEY@": key,
            "@STAGING@": str(folder / "staging"),
            "@CONFIGURATION@": str(folder / "conf.d"),
            "@DAYS@": "14",
        }.items():
            text = text.replace(name, value)
        self.config = folder / "barman.conf"
        self.config.write_text(text)
        self("cron")
        _until(lambda: "receive-wal running: OK" in self("check", fails=True), "Barman to receive the log")
        # The first segment has to have arrived before Barman calls the server healthy.
        self("switch-wal", "--force", "--archive", "--archive-timeout", "60")

    def __call__(self, verb: str, *options: str, fails: bool = False) -> str:
        """Run one of Barman's commands on the server, or cron."""
        program = Path(sys.executable).with_name("barman")
        whom = [] if verb == "cron" else ["cardvault"]
        return _ran(str(program), "-c", str(self.config), verb, *options, *whom, fails=fails)

    @property
    def size(self) -> int:
        """Bytes of everything that is kept."""
        return sum(path.stat().st_size for path in (self.folder / "home").rglob("*") if path.is_file())

    def forget(self) -> None:
        """gpg's agent remembers a passphrase for minutes."""
        _ran("gpgconf", "--kill", "gpg-agent", fails=True)

    def end(self) -> None:
        """Stop receiving, and gpg's agent."""
        program = Path(sys.executable).with_name("barman")
        _ran(str(program), "-c", str(self.config), "terminate-process", "cardvault", "receive-wal", fails=True)
        self.forget()


def missing() -> list[str]:
    """Programs that are needed and are not here."""
    here = Path(sys.executable).with_name("barman").exists()
    return [name for name in ("gpg", "rsync") if shutil.which(name) is None] + ([] if here else ["barman"])


def _ran(*command: str, fails: bool = False) -> str:
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode and not fails:
        raise SystemExit(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


def _until(holds: object, what: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(0.2)
