"""Facts that reports state."""

import uuid
from dataclasses import dataclass

from apps.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class ReportDecided(Event):
    """A moderator decided on a report, or on its appeal; `state` as in ReportState."""

    topic = "report.decided"
    report_id: uuid.UUID
    state: str

    @property
    def aggregate(self) -> str:
        """The report."""
        return f"report:{self.report_id}"
