"""What of scans can be followed live, and by whom: one's own scan, and that the queue moves."""

from __future__ import annotations

import uuid

from apps.live.streams import Reader, stream
from apps.scans import queries
from apps.scans.views import TOKEN


@stream("scan", session_keys=(TOKEN,))
def may_follow_scan(reader: Reader, key: uuid.UUID) -> bool:
    """Whose scan it is: a member's, or this session's visitor's."""
    token = "" if reader.member_id else reader.session.get(TOKEN, "")
    return queries.is_readable(pk=key, reader=reader.member_id, visitor_token=token)


def _only(text: str) -> str:
    if text != "all":
        raise ValueError(text)
    return text


@stream("scan-queue", key=_only, is_public=True)
def may_follow_queue(reader: Reader, key: str) -> bool:
    """Everybody: it tells only that some photo was begun or is done."""
    return True
