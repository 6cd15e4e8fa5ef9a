"""Facts that scans state."""

import uuid
from dataclasses import dataclass

from apps.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class ScanEvent(Event):
    """Something happened to a scan."""

    scan_id: uuid.UUID

    @property
    def aggregate(self) -> str:
        """The scan."""
        return f"scan:{self.scan_id}"


@dataclass(frozen=True, kw_only=True)
class ScanStarted(ScanEvent):
    """Photos are in storage and wait for the engines."""

    topic = "scan.started"


@dataclass(frozen=True, kw_only=True)
class ScanCompleted(ScanEvent):
    """Every photo has been looked at; the member may review."""

    topic = "scan.completed"
    cards: int
    decided: int


@dataclass(frozen=True, kw_only=True)
class ScanConfirmed(ScanEvent):
    """The member put cards into the inventory."""

    topic = "scan.confirmed"
    items: int
