"""The life of an import, and of one of its lines, as tables."""

from __future__ import annotations

from apps.core.errors import Conflict

# state -> {event: next}
IMPORT: dict[str, dict[str, str]] = {
    "preview": {"start": "reading", "cancel": "cancelled"},
    "reading": {"read": "review", "fail": "failed", "cancel": "cancelled"},
    "review": {"add": "adding", "undo": "undoing", "remap": "preview", "cancel": "cancelled"},
    "adding": {"added": "review", "cancel": "review"},
    "undoing": {"undone": "undone"},
    "failed": {"start": "reading", "cancel": "cancelled"},
    "undone": {},
    "cancelled": {},
}
LIVE = ("reading", "adding", "undoing")
"""States in which a worker has something to do."""

WAITING = ("ambiguous", "unknown", "bad")
"""Lines that the member has to look at."""


def after(state: str, event: str) -> str:
    """The next state of an import. Raises Conflict where the event does not belong there."""
    try:
        return IMPORT[state][event]
    except KeyError:
        raise Conflict("This import is past that. Load its page again.") from None
