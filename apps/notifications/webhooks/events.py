"""What endpoints can be told: every kind of notification, and the ping that tries one out."""

from apps.notifications.kinds import KINDS

PING = "ping"


def known() -> list[tuple[str, str]]:
    """(key, label) of every event, in the registry's order."""
    return [(kind.key, kind.label) for kind in KINDS.values()]
