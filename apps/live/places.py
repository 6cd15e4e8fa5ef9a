"""Which Redis keeps which stream: one for all, or several that share them by the stream's name, each stream whole on one.

What is followed, kept and marked of a stream lies together, so that no script reaches over two servers. Another number of
servers moves streams to others: who follows is told to ask anew, as after a restart of Redis.
"""

from __future__ import annotations

import zlib

from django.conf import settings


def addresses() -> list[str]:
    """Of the servers, as redis-py reads them."""
    return str(settings.LIVE_REDIS_URL).split(",")


def number_of(stream: str, servers: int) -> int:
    """Which of so many servers keeps a stream; the same in every process."""
    return zlib.crc32(stream.encode()) % servers


def address_of(stream: str) -> str:
    """The server of a stream."""
    known = addresses()
    return known[number_of(stream, len(known))]
