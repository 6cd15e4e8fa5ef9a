"""What a member does with endpoints: make, change, pause, rotate the secret, try out, replay, forget."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core import audit
from apps.core.errors import Conflict, InvalidInput
from apps.core.http import FetchRefused, check_may_send_to
from apps.notifications.kinds import KINDS
from apps.notifications.telling import send_soon
from apps.notifications.webhooks import secrets
from apps.notifications.webhooks.events import PING
from apps.notifications.webhooks.models import Endpoint, MessageState, WebhookMessage

MOST_ENDPOINTS = 10
MOST_REPLAYED = 1000
FORMER_SIGNS_FOR = dt.timedelta(hours=24)


@transaction.atomic
def add(*, by: User, url: str, events: Sequence[str] = (), description: str = "") -> tuple[Endpoint, str]:
    """Make an endpoint; it and its secret, which is not shown again. Raises InvalidInput, Conflict (too many)."""
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    if Endpoint.objects.filter(owner=by).count() >= MOST_ENDPOINTS:
        raise Conflict(f"You have {MOST_ENDPOINTS} endpoints. Remove one that you no longer need first.")
    secret = secrets.new_secret()
    made = Endpoint.objects.create(
        owner=by, url=_checked(url), events=_known(events), description=description.strip()[:80],
        secret=secrets.sealed(secret),
    )  # fmt: skip
    audit.record(action="webhook.added", target=made, by=by, after={"url": made.url})
    return made, secret


@transaction.atomic
def change(*, endpoint: Endpoint, by: User, url: str, events: Sequence[str], description: str) -> Endpoint:
    """Change where it is and what it hears. Raises InvalidInput."""
    endpoint = _locked(endpoint)
    before = endpoint.url
    endpoint.url, endpoint.events, endpoint.description = _checked(url), _known(events), description.strip()[:80]
    endpoint.save(update_fields=["url", "events", "description"])
    if endpoint.url != before:
        audit.record(
            action="webhook.moved", target=endpoint, by=by, before={"url": before}, after={"url": endpoint.url}
        )
    return endpoint


@transaction.atomic
def set_paused(*, endpoint: Endpoint, paused: bool, by: User) -> Endpoint:
    """Let messages wait, or go on. Going on also switches an endpoint on again that was switched off."""
    endpoint = _locked(endpoint)
    endpoint.is_paused = paused
    if not paused:
        endpoint.disabled_at, endpoint.disabled_why, endpoint.failing_since = None, "", None
        transaction.on_commit(send_soon, robust=True)
    endpoint.save(update_fields=["is_paused", "disabled_at", "disabled_why", "failing_since"])
    return endpoint


@transaction.atomic
def rotate(*, endpoint: Endpoint, by: User, at_once: bool = False) -> str:
    """A new secret, which is not shown again. For a day both sign, unless the former one ends at once (it leaked)."""
    endpoint = _locked(endpoint)
    secret = secrets.new_secret()
    endpoint.former_secret = None if at_once else endpoint.secret
    endpoint.former_until = None if at_once else timezone.now() + FORMER_SIGNS_FOR
    endpoint.secret = secrets.sealed(secret)
    endpoint.save(update_fields=["secret", "former_secret", "former_until"])
    audit.record(action="webhook.rotated", target=endpoint, by=by, after={"at_once": at_once})
    return secret


@transaction.atomic
def ping(*, endpoint: Endpoint, by: User) -> WebhookMessage:
    """Send a message that says nothing, to see whether it arrives. Raises Conflict where the endpoint is off or paused."""
    endpoint = _locked(endpoint)
    if endpoint.state() in ("off", "paused"):
        raise Conflict("Switch the endpoint on first.")
    told = {"type": PING, "timestamp": timezone.now().isoformat(), "data": {"endpoint_id": str(endpoint.pk)}}
    made = WebhookMessage.objects.create(endpoint=endpoint, kind=PING, payload=told)
    transaction.on_commit(send_soon, robust=True)
    return made


@transaction.atomic
def replay(*, endpoint: Endpoint, by: User, message: WebhookMessage) -> None:
    """Send one message again, under the id that it had: who has it already leaves it out."""
    _send_again(WebhookMessage.objects.filter(pk=message.pk, endpoint=endpoint).values_list("pk", flat=True))


@transaction.atomic
def replay_range(
    *, endpoint: Endpoint, by: User, since: dt.datetime, until: dt.datetime, failed_only: bool = True
) -> int:
    """Send the messages of a stretch of time again, oldest first; how many. Raises InvalidInput."""
    if until <= since:
        raise InvalidInput("The stretch ends after it begins.", field="until")
    rows = WebhookMessage.objects.filter(endpoint=endpoint, created_at__gte=since, created_at__lt=until)
    if failed_only:
        rows = rows.exclude(state=MessageState.SENT)
    wanted = list(rows.order_by("created_at").values_list("pk", flat=True)[: MOST_REPLAYED + 1])
    if len(wanted) > MOST_REPLAYED:
        raise InvalidInput(f"More than {MOST_REPLAYED} messages; choose a shorter stretch.", field="until")
    return _send_again(wanted)


def _send_again(wanted: Sequence[uuid.UUID]) -> int:
    changed = WebhookMessage.objects.filter(pk__in=wanted).update(
        state=MessageState.WAITING, attempts=0, due_at=timezone.now(), sent_at=None
    )
    transaction.on_commit(send_soon, robust=True)
    return changed


@transaction.atomic
def remove(*, endpoint: Endpoint, by: User) -> None:
    """Forget an endpoint with its log."""
    audit.record(action="webhook.removed", target=endpoint, by=by, before={"url": endpoint.url})
    Endpoint.objects.filter(pk=endpoint.pk, owner=by).delete()


def _locked(endpoint: Endpoint) -> Endpoint:
    return Endpoint.objects.select_for_update(of=("self",), no_key=True).get(pk=endpoint.pk)


def _known(events: Sequence[str]) -> list[str]:
    unknown = sorted(set(events) - set(KINDS))
    if unknown:
        raise InvalidInput(f"There is no event called {unknown[0][:40]!r}.", field="events")
    return [key for key in KINDS if key in set(events)]


def _checked(url: str) -> str:
    url = url.strip()
    if len(url) > 500:
        raise InvalidInput("The address is too long.", field="url")
    try:
        check_may_send_to(url, allow_private=settings.OUTBOUND_ALLOW_PRIVATE)
    except FetchRefused as refused:
        raise InvalidInput(f"We cannot send there: {refused}.", field="url") from refused
    return url
