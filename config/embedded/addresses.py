"""Where the servers answer, in each form that a client library reads; and whether they do answer."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

POSTGRES_PORT = 5432
POSTGRES_SOCKET = f".s.PGSQL.{POSTGRES_PORT}"
REDIS_SOCKET = "redis.sock"
_HELLO = b"user\0postgres\0database\0postgres\0\0"
_HELLO = struct.pack("!ii", len(_HELLO) + 8, 196608) + _HELLO
_GOODBYE = b"X\0\0\0\4"


@dataclass(frozen=True)
class Addresses:
    """`database_url` is libpq's URL, `redis_url` is redis-py's. Both may also name servers on other machines."""

    database_url: str
    redis_url: str

    @classmethod
    def in_folder(cls, sockets: Path) -> Addresses:
        """The addresses of servers whose Unix sockets lie in this folder."""
        return cls(
            database_url=f"postgresql://cardvault@/cardvault?host={quote(str(sockets))}",
            redis_url=f"unix://{quote(str(sockets / REDIS_SOCKET))}?db=0",
        )

    @property
    def celery_url(self) -> str:
        """The Redis database of the URL as Celery reads it."""
        return celery_form(self.redis_url)

    @property
    def channels_url(self) -> str:
        """The Redis database of the URL as Channels and Django's cache read it."""
        return client_form(self.redis_url)


def client_form(redis_url: str, *, database: int | None = None) -> str:
    """A Redis URL as redis-py, Channels and Django's cache read it; `database` replaces the URL's number."""
    parts, number = _split(redis_url, database)
    if parts.scheme == "unix":
        return f"unix://{_userinfo(parts.netloc)}{parts.path}?{_query(parts.query, db=number)}"
    return urlunsplit(parts._replace(path=f"/{number}"))


def celery_form(redis_url: str, *, database: int | None = None) -> str:
    """A Redis URL as Celery's broker reads it; `database` replaces the URL's number."""
    parts, number = _split(redis_url, database)
    if parts.scheme == "unix":
        return f"redis+socket://{_userinfo(parts.netloc)}{parts.path}?{_query(parts.query, virtual_host=number)}"
    return urlunsplit(parts._replace(path=f"/{number}"))


def _split(redis_url: str, database: int | None) -> tuple[object, int]:
    parts = urlsplit(redis_url)
    query = dict(parse_qsl(parts.query))
    stated = query.get("db", query.get("virtual_host", "")) if parts.scheme == "unix" else parts.path.strip("/")
    if database is not None:
        return parts, database
    return parts, int(stated) if stated.isdigit() else 0


def _query(query: str, **number: int) -> str:
    kept = [(name, value) for name, value in parse_qsl(query) if name not in {"db", "virtual_host"}]
    return urlencode([*number.items(), *kept])


def _userinfo(netloc: str) -> str:
    return netloc if "@" in netloc else ""


def postgres_answers(sockets: Path, *, timeout: float = 2.0) -> bool:
    """Whether a PostgreSQL listens in this folder and lets its own superuser in: it may still be recovering before."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout)
            connection.connect(str(sockets / POSTGRES_SOCKET))
            connection.sendall(_HELLO)
            if connection.recv(1) != b"R":
                return False
            connection.sendall(_GOODBYE)
            return True
    except OSError:
        return False


def redis_answers(sockets: Path, *, timeout: float = 2.0) -> bool:
    """Whether Redis listens in this folder and has loaded its data."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout)
            connection.connect(str(sockets / REDIS_SOCKET))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
