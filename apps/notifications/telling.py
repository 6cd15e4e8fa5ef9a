"""Telling members: what happened becomes notifications, and these their ways out, for many members in a few statements."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.conf import settings
from django.core.cache import cache
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.utils import timezone

from apps.core.ids import uuid7
from apps.notifications import live, readers
from apps.notifications.deciding import Decision, decide, default_choice
from apps.notifications.kinds import KINDS, Cadence
from apps.notifications.models import Cadence as Sending
from apps.notifications.readers import Reader
from apps.notifications.words import Words, in_words

log = structlog.get_logger()


@dataclass(frozen=True)
class Told:
    """One thing for one member. cause: what it is told for; group: what it is about; facts: what its template names and
    programs are told; url: a path of ours.
    """

    kind: str
    owner_id: uuid.UUID
    cause: str
    group: str
    url: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Made:
    """One notification before it is stored."""

    pk: uuid.UUID
    told: Told
    reader: Reader
    words: Words
    decision: Decision
    facts: str


_NOTIFICATIONS = """
insert into notifications_notification
  (id, created_at, owner_id, kind, priority, "group", cause, title, body, action, url, facts, is_shown)
select * from unnest(%s::uuid[], %s::timestamptz[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
  %s::text[], %s::text[], %s::text[], %s::jsonb[], %s::boolean[])
on conflict (owner_id, kind, cause) do nothing
returning id
"""
_DISPATCHES = """
insert into notifications_dispatch
  (notification_id, owner_id, channel, device_id, cadence, due_at, state, attempts, last_error)
select *, 'waiting', 0, '' from unnest(%s::uuid[], %s::uuid[], %s::text[], %s::uuid[], %s::text[], %s::timestamptz[])
on conflict do nothing
"""
_MESSAGES = """
insert into notifications_webhookmessage
  (id, created_at, endpoint_id, notification_id, kind, payload, due_at, state, attempts)
select *, 'waiting', 0 from unnest(%s::uuid[], %s::timestamptz[], %s::uuid[], %s::uuid[], %s::text[], %s::jsonb[],
  %s::timestamptz[])
on conflict do nothing
"""


@transaction.atomic
def tell(told: Iterable[Told], *, at: dt.datetime | None = None) -> int:
    """Tell members of what happened, each once for a cause; how many notifications are new.

    Preferences, quiet hours and addresses are those of now. The ways out are taken by tasks (mail, push, webhooks).
    """
    at = at or timezone.now()
    wanted = list({(each.kind, each.owner_id, each.cause): each for each in told}.values())
    if not wanted:
        return 0
    known = readers.readers({each.owner_id for each in wanted})
    made = [_make(each, known[each.owner_id], at) for each in wanted if each.owner_id in known]
    new = _store(made, at)
    made = [each for each in made if each.pk in new]
    _store_ways(made, at)
    _wake(made)
    log.info("notifications.told", count=len(made))
    return len(made)


def _make(told: Told, reader: Reader, at: dt.datetime) -> _Made:
    kind = KINDS[told.kind]
    choice = reader.choices.get(told.kind) or default_choice(kind)
    words = in_words(kind, told.facts, language=reader.language, time_zone=reader.manners.time_zone)
    decision = decide(kind, choice, reader.manners, at)
    return _Made(uuid7(), told, reader, words, decision, _as_json(told.facts))


def _as_json(facts: Mapping[str, Any]) -> str:
    """Facts as PostgreSQL takes them: it has no zero characters."""
    return json.dumps(dict(facts), cls=DjangoJSONEncoder).replace("\\u0000", "")


def _columns(rows: Sequence[tuple[Any, ...]], count: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(count)]


def _store(made: Sequence[_Made], at: dt.datetime) -> set[uuid.UUID]:
    """Store notifications; the keys of those that were not told before."""
    rows = [
        (
            each.pk, at, each.told.owner_id, each.told.kind, KINDS[each.told.kind].priority.value, each.told.group[:120],
            each.told.cause[:200], each.words.title, each.words.body, each.words.action, each.told.url, each.facts,
            each.decision.in_app,
        )
        for each in made
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_NOTIFICATIONS, _columns(rows, 13))
        return {pk for (pk,) in cursor.fetchall()}


def _store_ways(made: Sequence[_Made], at: dt.datetime) -> None:
    """Store what goes out by e-mail, to devices and to endpoints."""
    ways, messages = [], []
    for each in made:
        owner, decided = each.told.owner_id, each.decision
        if decided.email_at is not None and each.reader.takes_mail:
            cadence = Sending.LATER.value if decided.held else decided.email.value
            ways.append((each.pk, owner, "email", None, cadence, decided.email_at))
        if decided.push_at is not None:
            ways += [
                (each.pk, owner, "push", device, Cadence.NOW.value, decided.push_at) for device in each.reader.devices
            ]
        messages += [
            (uuid7(), at, endpoint, each.pk, each.told.kind, _payload(each, at), at)
            for endpoint, kinds in each.reader.endpoints
            if not kinds or each.told.kind in kinds
        ]
    with connection.cursor() as cursor:
        if ways:
            cursor.execute(_DISPATCHES, _columns(ways, 6))
        if messages:
            cursor.execute(_MESSAGES, _columns(messages, 7))


def _payload(made: _Made, at: dt.datetime) -> str:
    """What an endpoint is sent, in the form of Standard Webhooks: type, timestamp, data."""
    told = {
        "notification_id": str(made.pk), "title": made.words.title, "body": made.words.body,
        "url": settings.SITE_URL + made.told.url, "subject": made.told.group, "facts": json.loads(made.facts),
    }  # fmt: skip
    return json.dumps({"type": made.told.kind, "timestamp": at.isoformat(), "data": told})


def unread_key(owner_id: uuid.UUID) -> str:
    """Where the number of unread notifications of a member is kept for the header of every page."""
    return f"notifications-unread:{owner_id}"


def forget_unread(owners: Iterable[uuid.UUID]) -> None:
    """The number is another one, once the transaction commits; pages that are open hear of it."""
    found = sorted(set(owners))

    def now() -> None:
        cache.delete_many([unread_key(each) for each in found])

    if found:
        transaction.on_commit(now, robust=True)


def _wake(made: Sequence[_Made]) -> None:
    """Once it is committed: headers count anew, open pages show it, and what goes out at once does."""
    if not made:
        return
    shown = [each for each in made if each.decision.in_app]
    forget_unread(each.told.owner_id for each in shown)
    live.show([live.Toast(each.told.owner_id, each.pk, each.words.title, each.told.kind) for each in shown])
    transaction.on_commit(send_soon, robust=True)


def send_soon() -> None:
    """Best effort: the schedule sends what is due anyhow."""
    from apps.notifications.tasks import send_due

    try:
        send_due.apply_async(retry=False, ignore_result=True)
    except Exception as error:  # noqa: BLE001 - the queue may be down; what is due stands in its tables
        log.warning("notifications.wake_failed", error=type(error).__name__)
