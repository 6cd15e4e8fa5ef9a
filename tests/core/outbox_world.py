"""Facts and handlers to test the outbox with. Handlers write rows, so that a write that was lost or doubled is seen."""

from __future__ import annotations

import os
import signal
import uuid
from dataclasses import dataclass

from apps.core.models import RejectedInput
from apps.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class Counted(Event):
    """Something was counted."""

    topic = "test.counted"
    thing: str
    number: int

    @property
    def aggregate(self) -> str:
        return f"thing:{self.thing}"


def write(origin: str, event: Counted) -> None:
    """Note that the event arrived."""
    RejectedInput.objects.create(
        origin=origin, content={"thing": event.thing, "number": event.number}, digest=uuid.uuid4().hex, reason="test"
    )


def arrived(origin: str, thing: str | None = None) -> list[int]:
    """Numbers in the order in which their writes were made."""
    rows = RejectedInput.objects.filter(origin=origin).order_by("at", "id")
    return [row.content["number"] for row in rows if thing is None or row.content["thing"] == thing]


def note(event: Counted) -> None:
    """A handler that works."""
    write("note", event)


def write_and_die(event: Counted) -> None:
    """A handler whose process ends between its write and the commit."""
    write("note", event)
    os.kill(os.getpid(), signal.SIGKILL)
