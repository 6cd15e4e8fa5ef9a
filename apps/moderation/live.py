"""Moderators' queues live: that one of them is another now."""

from __future__ import annotations

from apps.core.outbox import at_once
from apps.escrow.events import (
    CaseMoved,
    DisputeAnswered,
    DisputeDecided,
    DisputeWithdrawn,
    HoldDisputed,
    HoldFact,
    HoldOverdue,
)
from apps.live.pushing import push
from apps.live.streams import Reader, stream


def _queue(text: str) -> str:
    if text != "cases":
        raise ValueError(text)
    return text


@stream("queue", key=_queue)
def may_follow_queue(reader: Reader, key: str) -> bool:
    """Who decides cases."""
    return reader.is_moderator


@at_once(HoldDisputed)
@at_once(HoldOverdue)
@at_once(DisputeAnswered)
@at_once(CaseMoved)
@at_once(DisputeDecided)
@at_once(DisputeWithdrawn)
def tell(event: HoldFact) -> None:
    """A case came, is somebody else's turn, or is done."""
    push("queue:cases", "changed")
