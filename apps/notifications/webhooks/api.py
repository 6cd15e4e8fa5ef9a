"""REST of endpoints: all that the pages can."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import Scope
from apps.core.lists import PAGING, CursorPagination, asked
from apps.core.reading import MemberRead
from apps.notifications.webhooks import actions, queries
from apps.notifications.webhooks.models import Endpoint, MessageState

STATES = [(state, state) for state in ("working", "failing", "paused", "off")]


class EndpointInput(serializers.Serializer):
    """An endpoint to make. Without `events` it hears of everything, also of what is to come."""

    url = serializers.URLField(max_length=500)
    description = serializers.CharField(max_length=80, required=False, allow_blank=True)
    events = serializers.ListField(child=serializers.CharField(max_length=40), required=False, max_length=200)


class EndpointChange(EndpointInput):
    """What to change of an endpoint. `paused`: messages wait; false also switches on again what was switched off."""

    url = serializers.URLField(max_length=500, required=False)
    paused = serializers.BooleanField(required=False)


class EndpointOutput(serializers.Serializer):
    """An endpoint. `secret` is there where one was just made, and never again."""

    id = serializers.UUIDField()
    url = serializers.CharField()
    description = serializers.CharField()
    events = serializers.ListField(child=serializers.CharField())
    state = serializers.ChoiceField(STATES)
    disabled_why = serializers.CharField()
    failing_since = serializers.DateTimeField(allow_null=True)
    former_secret_until = serializers.DateTimeField(source="former_until", allow_null=True)
    waiting = serializers.IntegerField()
    parked = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    # Not the attribute of that name: what is stored is nobody's to see.
    secret = serializers.CharField(source="shown_secret", required=False)


class TryOutput(serializers.Serializer):
    """One try: what was asked (without its signature) and what came back, cut to 4,000 characters."""

    at = serializers.DateTimeField()
    status = serializers.IntegerField()
    milliseconds = serializers.IntegerField()
    request = serializers.CharField()
    response = serializers.CharField()
    error = serializers.CharField()


class WebhookMessageOutput(serializers.Serializer):
    """A message; its `id` is the header `webhook-id`."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    state = serializers.ChoiceField(MessageState.choices)
    attempts = serializers.IntegerField()
    last_status = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)


class WebhookMessageDetail(serializers.Serializer):
    """A message with its payload and every try, the last one first."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    state = serializers.ChoiceField(MessageState.choices)
    attempts = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    payload = serializers.JSONField()
    tries = TryOutput(many=True)


class RotateInput(serializers.Serializer):
    """at_once: the former secret ends now, because it leaked; else both sign for a day."""

    at_once = serializers.BooleanField(required=False)


class ReplayInput(serializers.Serializer):
    """A stretch of time. everything: also what was delivered."""

    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    everything = serializers.BooleanField(required=False)


def _told(request: Request, pk: uuid.UUID, secret: str = "", code: int = status.HTTP_200_OK) -> Response:
    found = queries.endpoint_for(owner=request.user, pk=pk)
    answer = dict(EndpointOutput(found).data)
    return Response(answer | ({"secret": secret} if secret else {}), status=code)


def _found(request: Request, pk: uuid.UUID) -> Endpoint:
    return queries.endpoint_for(owner=request.user, pk=pk)


class EndpointList(MemberRead):
    """The member's endpoints."""

    required_scopes = {"POST": Scope.ALERTS}

    @extend_schema(
        tags=["webhooks"],
        operation_id="webhooks",
        responses=inline_serializer("Webhooks", {"webhooks": EndpointOutput(many=True)}),
    )
    def get(self, request: Request) -> Response:
        """All of them, at most ten."""
        return Response({"webhooks": EndpointOutput(queries.endpoints_of(request.user), many=True).data})

    @extend_schema(
        tags=["webhooks"], operation_id="webhook_add", request=EndpointInput, responses={201: EndpointOutput}
    )
    def post(self, request: Request) -> Response:
        """Make one. Its secret is in this answer alone; messages are signed as Standard Webhooks say."""
        wanted = EndpointInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        made, secret = actions.add(by=request.user, **wanted.validated_data)
        return _told(request, made.pk, secret, status.HTTP_201_CREATED)


class EndpointDetail(MemberRead):
    """One endpoint."""

    required_scopes = {"PATCH": Scope.ALERTS, "DELETE": Scope.ALERTS}

    @extend_schema(tags=["webhooks"], operation_id="webhook", responses=EndpointOutput)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """What it hears, and how it fares."""
        return _told(request, pk)

    @extend_schema(tags=["webhooks"], operation_id="webhook_change", request=EndpointChange, responses=EndpointOutput)
    def patch(self, request: Request, pk: uuid.UUID) -> Response:
        """Change what is named."""
        found = _found(request, pk)
        wanted = EndpointChange(data=request.data)
        wanted.is_valid(raise_exception=True)
        told = dict(wanted.validated_data)
        paused = told.pop("paused", None)
        if told:
            now = {"url": found.url, "description": found.description, "events": found.events}
            actions.change(endpoint=found, by=request.user, **(now | told))
        if paused is not None:
            actions.set_paused(endpoint=found, paused=paused, by=request.user)
        return _told(request, pk)

    @extend_schema(tags=["webhooks"], operation_id="webhook_remove", responses={204: None})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Forget it with its log."""
        actions.remove(endpoint=_found(request, pk), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class EndpointRotate(MemberRead):
    """A new secret."""

    required_scopes = {"POST": Scope.ALERTS}

    @extend_schema(tags=["webhooks"], operation_id="webhook_rotate", request=RotateInput, responses=EndpointOutput)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """The new secret is in this answer alone."""
        found = _found(request, pk)
        wanted = RotateInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        at_once = wanted.validated_data.get("at_once", False)
        return _told(request, pk, actions.rotate(endpoint=found, by=request.user, at_once=at_once))


class EndpointPing(MemberRead):
    """Try an endpoint out."""

    required_scopes = {"POST": Scope.ALERTS}

    @extend_schema(
        tags=["webhooks"],
        operation_id="webhook_ping",
        request=None,
        responses={202: inline_serializer("WebhookPing", {"id": serializers.UUIDField()})},
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """A message of type `ping` is on its way; its id tells it in the log."""
        made = actions.ping(endpoint=_found(request, pk), by=request.user)
        return Response({"id": str(made.pk)}, status=status.HTTP_202_ACCEPTED)


class EndpointReplay(MemberRead):
    """Send a stretch again."""

    required_scopes = {"POST": Scope.ALERTS}

    @extend_schema(
        tags=["webhooks"],
        operation_id="webhook_replay",
        request=ReplayInput,
        responses=inline_serializer("WebhookReplay", {"replayed": serializers.IntegerField()}),
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Send what was not delivered in a stretch of time again, oldest first, under the same ids."""
        found = _found(request, pk)
        wanted = ReplayInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        told = wanted.validated_data
        count = actions.replay_range(
            endpoint=found, by=request.user, since=told["since"], until=told["until"],
            failed_only=not told.get("everything", False),
        )  # fmt: skip
        return Response({"replayed": count})


class EndpointMessages(MemberRead):
    """The log of an endpoint."""

    @extend_schema(
        tags=["webhooks"],
        operation_id="webhook_messages",
        parameters=[OpenApiParameter("state", str, enum=MessageState.values), *PAGING],
        responses=inline_serializer(
            "WebhookMessagePage", {"messages": WebhookMessageOutput(many=True), "pagination": CursorPagination()}
        ),
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Newest first."""
        part = asked(request)
        page = queries.messages_page(
            endpoint=_found(request, pk), state=request.query_params.get("state", ""), limit=part.limit,
            offset=part.offset, after=part.after_place,
        )  # fmt: skip
        return part.answer("messages", WebhookMessageOutput(page.rows, many=True).data, page)


class MessageDetail(MemberRead):
    """One message."""

    required_scopes = {"POST": Scope.ALERTS}

    @extend_schema(tags=["webhooks"], operation_id="webhook_message", responses=WebhookMessageDetail)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """With its payload and tries."""
        return Response(WebhookMessageDetail(queries.message_for(owner=request.user, pk=pk)).data)

    @extend_schema(
        tags=["webhooks"], operation_id="webhook_message_replay", request=None, responses={202: WebhookMessageDetail}
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Send it again, under the same id."""
        found = queries.message_for(owner=request.user, pk=pk)
        actions.replay(endpoint=found.endpoint, by=request.user, message=found)
        told = WebhookMessageDetail(queries.message_for(owner=request.user, pk=pk)).data
        return Response(told, status=status.HTTP_202_ACCEPTED)
