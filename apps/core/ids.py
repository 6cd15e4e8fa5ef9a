"""Primary keys that people see: UUIDv7, sortable by the time they were made."""

import uuid
from datetime import datetime

import uuid_utils


def uuid7() -> uuid.UUID:
    """A new UUIDv7 as the standard library's UUID (RFC 9562)."""
    return uuid.UUID(bytes=uuid_utils.uuid7().bytes)


def first_id(at: datetime) -> uuid.UUID:
    """The lowest UUIDv7 of an instant: keys made since then are not below it."""
    milliseconds = int(at.timestamp() * 1000)
    return uuid.UUID(int=(milliseconds << 80) | (0x7 << 76) | (0b10 << 62))
