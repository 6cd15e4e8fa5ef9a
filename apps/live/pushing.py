"""Telling those who follow a stream that something happened, after the transaction has committed.

    push(f"trade:{trade.pk}", "changed")

Liveness only: whoever hears it asks the site for what is true. A push that Redis does not take is logged and lost, and the
page is right again when it is next asked for.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import redis
import structlog
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from redis.exceptions import NoScriptError

from apps.live import keeping, places, streams

log = structlog.get_logger()

LARGEST_EVENT = 8 * 1024
_PUSH = hashlib.sha1(keeping.PUSH.encode(), usedforsecurity=False).hexdigest()


class _Sending:
    """What one transaction pushes, in order, each thing once; sent in one round trip when it has committed."""

    def __init__(self) -> None:
        self.commands: dict[tuple[str, str], None] = {}

    def __call__(self) -> None:
        send(list(self.commands))


def push(stream: str, event: str, told: Mapping[str, Any] | None = None) -> None:
    """Tell all who follow `stream` of `event` once the transaction commits; at once outside of one.

    event: a word such as `changed`. told: what goes with it as JSON, small and fit for everyone who may follow; ids,
    instants and decimals become strings. The same thing pushed twice in one transaction is told once.
    Raises UnknownStream, and ValueError where `told` is over LARGEST_EVENT bytes.
    """
    push_all([(stream, event, told)])


def push_all(pushes: Iterable[tuple[str, str, Mapping[str, Any] | None]]) -> None:
    """Tell of many things in one round trip: (stream, event, told) each. See `push`."""
    sending = _sending()
    for stream, event, told in pushes:
        streams.kind_of(stream)
        text = json.dumps({"event": event, "data": told or {}}, cls=DjangoJSONEncoder, separators=(",", ":"))
        if len(text) > LARGEST_EVENT:
            raise ValueError(f"{event} of {stream} has {len(text)} characters; the most is {LARGEST_EVENT}")
        sending.commands[stream, text] = None
    if not connection.in_atomic_block:
        sending()


def _sending() -> _Sending:
    """The transaction's own; a savepoint that is rolled back takes what was pushed in it along."""
    savepoints = set(connection.savepoint_ids)
    if connection.in_atomic_block:
        for entry in connection.run_on_commit:
            if isinstance(entry[1], _Sending) and entry[0] == savepoints:
                return entry[1]
    sending = _Sending()
    if connection.in_atomic_block:
        transaction.on_commit(sending, robust=True)
    return sending


def send(commands: Sequence[tuple[str, str]]) -> None:
    """Append and publish (stream, event as JSON) each, whatever the transaction."""
    by_server: dict[str, list[tuple[str, str]]] = {}
    for command in commands:
        by_server.setdefault(places.address_of(command[0]), []).append(command)
    for address, part in by_server.items():
        try:
            _send(keeping.client(address), part)
        except redis.RedisError as error:
            log.warning("live.push_failed", events=len(part), error=type(error).__name__)


def _send(server: redis.Redis, commands: Sequence[tuple[str, str]]) -> None:
    answers = _run(server, commands)
    unknown = [each for each, answer in zip(commands, answers, strict=True) if isinstance(answer, NoScriptError)]
    if unknown:  # Redis was started anew
        server.script_load(keeping.PUSH)
        answers = _run(server, unknown)
    failed = [answer for answer in answers if isinstance(answer, Exception)]
    if failed:
        raise failed[0]


def _run(server: redis.Redis, commands: Sequence[tuple[str, str]]) -> list[Any]:
    pipe = server.pipeline(transaction=False)
    for stream, text in commands:
        kind, _ = streams.kind_of(stream)
        keys = keeping.keys_of(stream)
        arguments = keeping.push_arguments(stream, text, only_watched=kind.only_watched)
        pipe.evalsha(_PUSH, len(keys), *keys, *arguments)
    return pipe.execute(raise_on_error=False)


def watched(kind: str) -> list[str]:
    """The keys of a kind that somebody follows or lately followed; none of a Redis that is away.

    For batches: of fifty thousand changed prices a handful is looked at right now.
    """
    found: list[str] = []
    for address in places.addresses():
        server = keeping.client(address)
        try:
            seconds, micro = server.time()
            now = seconds * 1000 + micro // 1000
            found += server.zrangebyscore(keeping.name("watched", kind), now, "+inf")
        except redis.RedisError as error:
            log.warning("live.watched_unknown", kind=kind, error=type(error).__name__)
    return found


def rights_changed(member_id: uuid.UUID) -> None:
    """Once the transaction commits, ask anew for every stream that this member follows; else it is asked each minute."""
    _tell_hubs({"recheck": str(member_id)})


def end_session(digest: str) -> None:
    """Once the transaction commits, close the sockets of a session (`readers.digest_of` its key)."""
    _tell_hubs({"end": digest})


def _tell_hubs(order: dict[str, str]) -> None:
    transaction.on_commit(lambda: _publish(order), robust=True)


def _publish(order: dict[str, str]) -> None:
    try:
        # Every process listens to all servers: one of them is enough for what all have to hear.
        keeping.client(places.addresses()[0]).publish(keeping.name("orders"), json.dumps(order))
    except redis.RedisError as error:  # the round of each minute finds it
        log.warning("live.order_failed", error=type(error).__name__)
