"""Facts that the block list states."""

import uuid
from dataclasses import dataclass

from apps.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class MemberBlocked(Event):
    """One member wants nothing to do with another."""

    topic = "member.blocked"
    owner_id: uuid.UUID
    other_id: uuid.UUID

    @property
    def aggregate(self) -> str:
        """Whose list it is."""
        return f"member:{self.owner_id}"
