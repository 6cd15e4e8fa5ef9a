"""Where a scan is and what may happen to it: one table, read by the actions and by the tests."""

from apps.core.errors import Conflict
from apps.scans.models import Scan

State = Scan.State

TRANSITIONS: dict[str, dict[str, str]] = {
    State.QUEUED: {"look": State.RUNNING},
    State.RUNNING: {"look": State.RUNNING, "found": State.REVIEW, "failed": State.FAILED},
    State.REVIEW: {"confirm": State.CONFIRMED, "again": State.QUEUED},
    State.FAILED: {"again": State.QUEUED},
    State.CONFIRMED: {"confirm": State.CONFIRMED, "again": State.QUEUED},
}

LIVE = frozenset({State.QUEUED, State.RUNNING})  # the engines are not done yet


def allows(state: str, event: str) -> bool:
    """Whether the event may happen to a scan in that state."""
    return event in TRANSITIONS[state]


def after(state: str, event: str) -> str:
    """The state that the event leads to. Raises Conflict where it may not happen."""
    if not allows(state, event):
        raise Conflict("The photos are still being looked at." if state in LIVE else "")
    return TRANSITIONS[state][event]
