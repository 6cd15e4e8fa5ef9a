"""What live pages do when facts about accounts arrive: ask anew who is still signed in and what they may follow."""

from __future__ import annotations

from apps.accounts.events import AccessChanged
from apps.core.outbox import at_once
from apps.live import pushing


@at_once(AccessChanged)
def look_anew(event: AccessChanged) -> None:
    """Sockets of an ended sign-in, an old password, a revoked key or a closed account close; a lost role loses its streams."""
    pushing.rights_changed(event.member_id)
