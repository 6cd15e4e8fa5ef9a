"""Facts that restrictions state."""

import uuid
from dataclasses import dataclass

from apps.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class RestrictionEvent(Event):
    """Something happened to a restriction."""

    restriction_id: uuid.UUID
    member_id: uuid.UUID

    @property
    def aggregate(self) -> str:
        """The restriction."""
        return f"restriction:{self.restriction_id}"


@dataclass(frozen=True, kw_only=True)
class MemberRestricted(RestrictionEvent):
    """Moderators keep a member from something for a time."""

    topic = "member.restricted"


@dataclass(frozen=True, kw_only=True)
class RestrictionLifted(RestrictionEvent):
    """A restriction ended before its time."""

    topic = "member.unrestricted"
