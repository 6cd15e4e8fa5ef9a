"""Primary keys that people see: UUIDv7, sortable by the time they were made."""

import uuid

import uuid_utils


def uuid7() -> uuid.UUID:
    """A new UUIDv7 as the standard library's UUID (RFC 9562)."""
    return uuid.UUID(bytes=uuid_utils.uuid7().bytes)
