"""What notifications do when facts arrive: all kinds of them in one set, so that a relay asks for them once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from apps.core.outbox import Event, subscribe_to_sets
from apps.notifications.sources import SOURCES
from apps.notifications.telling import tell


def tell_of(events: Sequence[Event]) -> None:
    """Tell members of these facts, in their order as far as one kind of them goes."""
    ordered = sorted(events, key=lambda event: event.topic)
    told = [
        each
        for topic, alike in groupby(ordered, key=lambda event: event.topic)
        for each in SOURCES[topic].read(list(alike))
    ]
    tell(told)


for _source in SOURCES.values():
    subscribe_to_sets(_source.event_type)(tell_of)
