"""What must be true before anything starts. Each check raises CannotStart with one line."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from config.launcher.errors import CannotStart

if TYPE_CHECKING:
    from psycopg import Connection

OLDEST_POSTGRES = 150000
EXTENSIONS = ("vector", "pg_trgm", "unaccent", "citext", "btree_gin")
_ROOM = 256 * 1024 * 1024


def writable(data_dir: Path) -> None:
    """The data folder can be made and written, and the disk has room."""
    probe = data_dir / ".probe"
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe.write_bytes(bytes(64 * 1024))
        probe.unlink()
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise CannotStart(f"the disk of the data folder {data_dir} is full.") from None
        raise CannotStart(
            f"the data folder {data_dir} cannot be written: {error.strerror}; choose another with CARDVAULT_DATA_DIR."
        ) from None
    free = shutil.disk_usage(data_dir).free
    if free < _ROOM:
        raise CannotStart(
            f"the disk of the data folder {data_dir} is nearly full: {free // 2**20} MB free, "
            f"{_ROOM // 2**20} MB are needed."
        )


def alone(data_dir: Path) -> int:
    """Take the lock that only one launcher per data folder can have. Returns its descriptor, to be kept open."""
    descriptor = os.open(data_dir / "launcher.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        other = os.read(descriptor, 32).decode().strip()
        raise CannotStart(
            f"CardVault already runs on the data folder {data_dir} (process {other or 'unknown'}): "
            "stop it, or choose another CARDVAULT_DATA_DIR and PORT."
        ) from None
    os.truncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    return descriptor


def port_free(port: int) -> None:
    """Nobody listens on the web server's port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise CannotStart(f"port {port} is reserved for the system; choose one with PORT=8000.") from None
        except OSError:
            raise CannotStart(f"port {port} is taken; choose another with PORT={port + 1}.") from None


def database(url: str) -> None:
    """The database answers, is recent enough, and has or gets the extensions."""
    import psycopg

    shown = without_password(url)
    try:
        psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.Error as error:
        raise CannotStart(
            f"DATABASE_URL is not understood: {_line(error)}; expected postgresql://user:password@host:5432/name."
        ) from None
    try:
        with psycopg.connect(url, connect_timeout=5, autocommit=True) as connection:
            if connection.info.server_version < OLDEST_POSTGRES:
                version = connection.info.server_version // 10000
                raise CannotStart(f"PostgreSQL at {shown} has version {version}; CardVault needs 15 or newer.")
            for name in EXTENSIONS:
                _extension(connection, name, shown)
    except psycopg.OperationalError as error:
        raise CannotStart(f"DATABASE_URL {shown} cannot be used: {_line(error)}") from None


def _extension(connection: Connection, name: str, shown: str) -> None:
    import psycopg

    if connection.execute("select from pg_extension where extname = %s", [name]).fetchone() is not None:
        return
    if connection.execute("select from pg_available_extensions where name = %s", [name]).fetchone() is None:
        raise CannotStart(f"PostgreSQL at {shown} lacks the extension {name}: install it on that server.")
    try:
        connection.execute(f'create extension if not exists "{name}"')
    except psycopg.errors.InsufficientPrivilege:
        raise CannotStart(
            f"the database {shown} lacks the extension {name}, and its user may not add it: "
            f"let an administrator run CREATE EXTENSION {name}; there."
        ) from None


def queue(url: str) -> None:
    """Redis answers and can be written."""
    import redis

    shown = without_password(url)
    try:
        with redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as client:
            client.set("cardvault:probe", 1, ex=1)
    except ValueError as error:
        raise CannotStart(f"REDIS_URL is not understood: {_line(error)}; expected redis://host:6379/0.") from None
    except (redis.RedisError, OSError) as error:
        raise CannotStart(f"REDIS_URL {shown} cannot be used: {_line(error)}") from None


def without_password(url: str) -> str:
    """A URL that may be shown."""
    parts = urlsplit(url)
    name, at, host = parts.netloc.rpartition("@")
    user, colon, _ = name.partition(":")
    return urlunsplit(parts._replace(netloc=f"{user}{colon and ':***'}{at}{host}"))


def _line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__).rstrip(".") + "."
