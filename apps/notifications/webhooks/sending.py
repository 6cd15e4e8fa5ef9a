"""Handing messages to endpoints: claimed in sets, signed, sent side by side, logged, tried again with back-off and jitter.

The waits are those of the Standard Webhooks specification. A claim counts the try and moves the next one past the lease, so
that a worker that dies loses nothing; what had arrived meanwhile arrives again under its id.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from apps.core.http import Fetcher, FetchFailed, FetchRefused
from apps.notifications.telling import Told, tell
from apps.notifications.webhooks.models import Attempt, Endpoint, MessageState, WebhookMessage
from apps.notifications.webhooks.secrets import SecretLost, opened, signature

log = structlog.get_logger()

WAITS = tuple(dt.timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400))
"""Before the second try, the third …; after the last one the message is given up."""
OFF_AFTER = dt.timedelta(days=5)
GONE = 410
TIMEOUT_SECONDS = 15.0
LEASE = dt.timedelta(minutes=3)
A_CLAIM, SIDE_BY_SIDE = 40, 8
_KEPT = 4000

# One endpoint's messages go out in the order in which they became due; one that is slow takes few places of a set.
_CLAIM = """
update notifications_webhookmessage set attempts = attempts + 1, due_at = %(now)s + %(lease)s
where id in (
  select m.id from notifications_webhookmessage m
  join notifications_endpoint e on e.id = m.endpoint_id
  where m.state = 'waiting' and m.due_at <= %(now)s and not e.is_paused and e.disabled_at is null
  order by m.due_at limit %(most)s for update of m skip locked)
returning id
"""


@dataclass(frozen=True)
class Outcome:
    """What came of one try."""

    status: int
    milliseconds: int
    request: str
    response: str
    error: str

    @property
    def is_delivered(self) -> bool:
        """Any 2xx says that it arrived."""
        return 200 <= self.status < 300


def send_due(*, seconds: float = 45.0) -> int:
    """Hand over what is due, for so many seconds at most; how many arrived. Safe in parallel and to repeat."""
    until = time.monotonic() + seconds
    arrived = 0
    with Fetcher(
        allow_private=settings.OUTBOUND_ALLOW_PRIVATE,
        timeout_seconds=TIMEOUT_SECONDS,
        user_agent="CardVault-Webhooks/1.0",
    ) as fetcher:
        while time.monotonic() < until:
            claimed = claim()
            if not claimed:
                break
            arrived += send(claimed, fetcher)
    return arrived


def claim(*, now: dt.datetime | None = None, most: int = A_CLAIM) -> list[uuid.UUID]:
    """Take messages that are due. Committed at once."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"now": now or timezone.now(), "lease": LEASE, "most": most})
        return [pk for (pk,) in cursor.fetchall()]


def send(claimed: Sequence[uuid.UUID], fetcher: Fetcher) -> int:
    """Send claimed messages side by side and write down what came of each."""
    messages = list(WebhookMessage.objects.select_related("endpoint").filter(pk__in=claimed))
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        outcomes = list(pool.map(lambda message: _post(message, fetcher), messages))
    for message, outcome in zip(messages, outcomes, strict=True):
        record(message, outcome)
    return sum(outcome.is_delivered for outcome in outcomes)


def headers_of(message: WebhookMessage, body: bytes, *, at: dt.datetime) -> dict[str, str]:
    """The signed headers of one try. Raises SecretLost."""
    endpoint, timestamp = message.endpoint, int(at.timestamp())
    good = [endpoint.secret]
    if endpoint.has_two_secrets(at=at):
        good.append(endpoint.former_secret)
    signed = " ".join(
        signature(opened(each), message_id=str(message.pk), timestamp=timestamp, body=body) for each in good
    )
    return {
        "Content-Type": "application/json", "webhook-id": str(message.pk), "webhook-timestamp": str(timestamp),
        "webhook-signature": signed,
    }  # fmt: skip


def _post(message: WebhookMessage, fetcher: Fetcher) -> Outcome:
    """One try. No database here: it runs in a thread."""
    began = time.monotonic()
    body = json.dumps(message.payload, separators=(",", ":"), ensure_ascii=False).encode()
    status, response, error, headers = 0, "", "", {}
    try:
        headers = headers_of(message, body, at=timezone.now())
        answer = fetcher.send(message.endpoint.url, content=body, headers=headers, most_bytes=_KEPT)
        status, response = answer.status, answer.content.decode(errors="replace").replace("\x00", "")
        error = "" if 200 <= status < 300 else f"answered {status}"
    except (FetchRefused, FetchFailed, SecretLost) as refused:
        error = str(refused)
    # The signature stays out of the log: with it somebody could send the message as ours for as long as it is fresh.
    told = "\n".join(f"{name}: {value}" for name, value in headers.items() if name != "webhook-signature")
    request = f"POST {message.endpoint.url}\n{told}\n\n{body.decode()}"[:_KEPT]
    return Outcome(status, int(1000 * (time.monotonic() - began)), request, response[:_KEPT], error[:300])


@transaction.atomic
def record(message: WebhookMessage, outcome: Outcome) -> None:
    """Write one try down and decide what follows: done, again later, given up, or the endpoint is switched off."""
    now = timezone.now()
    Attempt.objects.create(
        message=message, at=now, status=outcome.status, milliseconds=outcome.milliseconds, request=outcome.request,
        response=outcome.response, error=outcome.error,
    )  # fmt: skip
    waiting = WebhookMessage.objects.filter(pk=message.pk, state=MessageState.WAITING)
    if outcome.is_delivered:
        waiting.update(state=MessageState.SENT, sent_at=now)
        Endpoint.objects.filter(pk=message.endpoint_id, failing_since__isnull=False).update(failing_since=None)
        return
    if message.attempts > len(WAITS):
        waiting.update(state=MessageState.PARKED)
        log.warning("webhook.given_up", message=str(message.pk))
    else:
        waiting.update(due_at=now + jittered(WAITS[max(message.attempts, 1) - 1]))
    _count_failure(message.endpoint_id, outcome, now)


def jittered(wait: dt.timedelta) -> dt.timedelta:
    """The wait, a fifth shorter or longer, so that what failed together does not come back together."""
    return wait * random.uniform(0.8, 1.2)  # noqa: S311 - no secret


def _count_failure(endpoint_id: uuid.UUID, outcome: Outcome, now: dt.datetime) -> None:
    endpoint = Endpoint.objects.select_for_update(of=("self",), no_key=True).get(pk=endpoint_id)
    endpoint.failing_since = endpoint.failing_since or now
    gone = outcome.status == GONE
    ends = endpoint.disabled_at is None and (gone or now - endpoint.failing_since >= OFF_AFTER)
    if ends:
        why = (
            "It said that it is gone (410)."
            if gone
            else f"Nothing arrived for {OFF_AFTER.days} days ({outcome.error})."
        )
        endpoint.disabled_at, endpoint.disabled_why = now, why[:200]
    endpoint.save(update_fields=["failing_since", "disabled_at", "disabled_why"])
    if ends:
        log.warning("webhook.disabled", endpoint=str(endpoint.pk))
        host = urlsplit(endpoint.url).hostname or ""
        facts = {"endpoint_id": str(endpoint.pk), "host": host, "why": endpoint.disabled_why}
        cause = f"webhook:{endpoint.pk}:{now.isoformat()}"
        url = reverse("webhook-endpoint", args=[endpoint.pk])
        tell([Told("webhook.disabled", endpoint.owner_id, cause, f"webhook:{endpoint.pk}", url, facts)], at=now)


def release(message: WebhookMessage) -> None:
    """Give a message that was given up its tries back (an operator's decision)."""
    WebhookMessage.objects.filter(pk=message.pk, state=MessageState.PARKED).update(
        state=MessageState.WAITING, attempts=0, due_at=timezone.now()
    )
