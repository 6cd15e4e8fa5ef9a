"""Facts that this app states."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import ClassVar

from apps.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class AlertTriggered(Event):
    """What a member wanted to be told of has happened; the alert has the figures and the words."""

    topic: ClassVar[str] = "alert.triggered"

    alert_id: uuid.UUID
    rule_id: uuid.UUID
    owner_id: uuid.UUID
    kind: str
    at: dt.datetime

    @property
    def aggregate(self) -> str:
        """Firings of one rule arrive in order."""
        return f"alert-rule:{self.rule_id}"
