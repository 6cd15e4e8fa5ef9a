"""How long the queues in Redis are and how old what waits in them is."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

from django.conf import settings

from config.celery import app

SENT_AT = "sent_at"
"""The header of a task that says when it was sent: seconds since 1970. See config.observing.tasks."""


@dataclass(frozen=True)
class Queues:
    """waiting: name, length and age in seconds of the oldest, of each queue; taken: what workers have in hand."""

    waiting: list[tuple[str, int, float]]
    taken: int


def queue_names() -> list[str]:
    """The queues that tasks go to, by the settings."""
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    return sorted({settings.CELERY_TASK_DEFAULT_QUEUE, *routed})


def queues_now(*, now: dt.datetime) -> Queues:
    """What Redis has. A queue is a list under its own name; the oldest message is the last."""
    names = queue_names()
    with app.connection_for_read() as broker:
        client = broker.default_channel.client
        with client.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.llen(name)
                pipe.lindex(name, -1)
            pipe.hlen("unacked")
            *found, taken = pipe.execute()
    pairs = zip(found[::2], found[1::2], strict=True)
    return Queues(
        [(name, length, _age(oldest, now)) for name, (length, oldest) in zip(names, pairs, strict=True)], taken
    )


def _age(message: bytes | None, now: dt.datetime) -> float:
    if message is None:
        return 0.0
    sent_at = json.loads(message).get("headers", {}).get(SENT_AT)
    return max(0.0, now.timestamp() - sent_at) if isinstance(sent_at, int | float) else 0.0
