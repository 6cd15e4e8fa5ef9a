"""Reads of endpoints and of their logs. Every one asks whose they are."""

from __future__ import annotations

import uuid

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from apps.accounts.models import User
from apps.core.errors import NotFound
from apps.core.pagination import Page, Place, newest_first
from apps.notifications.webhooks.models import Attempt, Endpoint, MessageState, WebhookMessage


def endpoints_of(owner: User) -> QuerySet[Endpoint]:
    """The member's, newest first, with how many messages wait and were given up."""
    return (
        Endpoint.objects.filter(owner=owner)
        .annotate(
            waiting=Count("messages", filter=Q(messages__state=MessageState.WAITING)),
            parked=Count("messages", filter=Q(messages__state=MessageState.PARKED)),
        )
        .order_by("-created_at")
    )


def endpoint_for(*, owner: User, pk: uuid.UUID) -> Endpoint:
    """One of the member's. Raises NotFound."""
    found = endpoints_of(owner).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def messages_page(
    *, endpoint: Endpoint, state: str = "", limit: int = 30, offset: int = 0, after: Place | None = None
) -> Page[WebhookMessage]:
    """The log of an endpoint, newest first, each with the status of its last try. state: of MessageState, else all."""
    last = Attempt.objects.filter(message=OuterRef("pk")).order_by("-at", "-pk")
    rows = WebhookMessage.objects.filter(endpoint=endpoint).annotate(
        last_status=Subquery(last.values("status")[:1]), last_error=Subquery(last.values("error")[:1])
    )
    if state in MessageState.values:
        rows = rows.filter(state=state)
    return newest_first(rows, limit=limit, offset=offset, after=after)


def message_for(*, owner: User, pk: uuid.UUID) -> WebhookMessage:
    """One message to an endpoint of the member with its tries. Raises NotFound."""
    rows = WebhookMessage.objects.select_related("endpoint").prefetch_related("tries")
    found = rows.filter(pk=pk, endpoint__owner=owner).first()
    if found is None:
        raise NotFound
    return found
