"""Facts that accounts state."""

import datetime as dt
import uuid
from dataclasses import dataclass

from apps.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class AddressSaved(Event):
    """A member added or changed an address."""

    topic = "member.address_saved"
    member_id: uuid.UUID
    address_id: uuid.UUID
    at: dt.datetime

    @property
    def aggregate(self) -> str:
        """Whose it is."""
        return f"member:{self.member_id}"
