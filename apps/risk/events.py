"""Facts that risk states."""

import uuid
from dataclasses import dataclass

from apps.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class RiskDecided(Event):
    """What waited is decided: it goes on, or comes to nothing. `by_id` is None where the score alone refused it."""

    topic = "risk.decided"
    assessment_id: uuid.UUID
    about: str
    subject_id: uuid.UUID
    released: bool
    by_id: uuid.UUID | None = None

    @property
    def aggregate(self) -> str:
        """What was judged."""
        return f"{self.about}:{self.subject_id}"
