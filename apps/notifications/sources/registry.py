"""Which function reads which topic. A topic has one source; a source may tell several people of one fact."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from apps.core.outbox import Event
from apps.notifications.telling import Told

Read = Callable[[Sequence[Any]], Iterable[Told]]


class Source(NamedTuple):
    """The events of one topic and how they are read."""

    event_type: type[Event]
    read: Read


SOURCES: dict[str, Source] = {}


def source(event_type: type[Event]) -> Callable[[Read], Read]:
    """Decorator for a function that makes notifications of a list of events of one type."""

    def register(read: Read) -> Read:
        if event_type.topic in SOURCES:
            raise ValueError(f"{event_type.topic} has two sources")
        SOURCES[event_type.topic] = Source(event_type, read)
        return read

    return register
