"""REST: notifications, how one wants to be told, and devices, over the same actions and queries as the pages."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import Scope
from apps.core.lists import PAGING, CursorPagination, asked
from apps.core.reading import MemberRead
from apps.core.selection import FIELDS, only, selection
from apps.notifications import actions, queries
from apps.notifications.deciding import Choice
from apps.notifications.kinds import AREAS, KINDS, Cadence, Priority
from apps.notifications.push import vapid
from apps.notifications.push.actions import subscribe

CADENCES = [(each.value, each.value) for each in Cadence]
PRIORITIES = [(each.value, each.value) for each in Priority]


class NotificationOutput(serializers.Serializer):
    """One thing that the member was told. `group`: what it is about; `facts`: the same for programs."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    priority = serializers.ChoiceField(PRIORITIES)
    group = serializers.CharField()
    title = serializers.CharField()
    body = serializers.CharField()
    action = serializers.CharField()
    url = serializers.CharField()
    facts = serializers.JSONField()
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)


class NotificationReadInput(serializers.Serializer):
    """Which to mark as read: these, or without `ids` all of an area, or all."""

    ids = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=500)
    area = serializers.ChoiceField(AREAS, required=False)


class CountOutput(serializers.Serializer):
    """How many."""

    marked = serializers.IntegerField()
    unread = serializers.IntegerField()


class NotificationList(MemberRead):
    """What the member was told."""

    required_scopes = {"POST": Scope.ALERTS}

    @extend_schema(
        tags=["notifications"],
        operation_id="notifications",
        parameters=[
            OpenApiParameter("unread", bool, description="true: only what is unread"),
            OpenApiParameter("area", str, enum=list(AREAS), description="of one area alone"),
            *PAGING,
            FIELDS,
        ],
        responses=inline_serializer(
            "NotificationPage",
            {
                "notifications": NotificationOutput(many=True),
                "unread": serializers.IntegerField(),
                "pagination": CursorPagination(),
            },
        ),
    )
    def get(self, request: Request) -> Response:
        """Newest first, with how many are unread."""
        part, chosen = asked(request), selection(request, NotificationOutput)
        page = queries.list_page(
            owner=request.user, unread=request.query_params.get("unread", "").lower() in ("true", "1"),
            area=request.query_params.get("area", ""), limit=part.limit, offset=part.offset, after=part.after_place,
        )  # fmt: skip
        answer = part.answer("notifications", only(chosen, NotificationOutput(page.rows, many=True).data), page)
        answer.data["unread"] = queries.unread_count(request.user.pk)
        return answer


class NotificationRead(MemberRead):
    """Mark as read."""

    required_scopes = {"POST": Scope.ALERTS}

    @extend_schema(
        tags=["notifications"], operation_id="notifications_read", request=NotificationReadInput, responses=CountOutput
    )
    def post(self, request: Request) -> Response:
        """Mark notifications as read: some, those of an area, or all."""
        wanted = NotificationReadInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        told = wanted.validated_data
        marked = actions.mark_read(by=request.user, only=told.get("ids"), area=told.get("area", ""))
        left = queries.of_member(owner=request.user, unread=True).count()
        return Response(CountOutput({"marked": marked, "unread": left}).data)


class ChannelChoice(serializers.Serializer):
    """What holds for one kind. `required`: it stays in the list and comes by e-mail, when is the member's choice."""

    kind = serializers.ChoiceField([(kind.key, kind.label) for kind in KINDS.values()])
    in_app = serializers.BooleanField(required=False)
    email = serializers.ChoiceField(CADENCES, required=False)
    push = serializers.BooleanField(required=False)


class ChannelOutput(serializers.Serializer):
    """What holds for one kind now, and what kind it is."""

    kind = serializers.CharField()
    label = serializers.CharField()
    area = serializers.ChoiceField(AREAS)
    priority = serializers.ChoiceField(PRIORITIES)
    required = serializers.BooleanField()
    in_app = serializers.BooleanField()
    email = serializers.ChoiceField(CADENCES)
    push = serializers.BooleanField()


class MannerInput(serializers.Serializer):
    """What to change of how the member is told. Times are HH:MM in the member's zone; both null: no quiet hours."""

    time_zone = serializers.CharField(required=False, max_length=40)
    language = serializers.CharField(required=False, max_length=8)
    quiet_from = serializers.TimeField(required=False, allow_null=True)
    quiet_until = serializers.TimeField(required=False, allow_null=True)
    digest_at = serializers.IntegerField(required=False, min_value=0, max_value=23)
    is_paused = serializers.BooleanField(required=False)
    kinds = ChannelChoice(many=True, required=False)


class MannerOutput(serializers.Serializer):
    """How the member is told."""

    time_zone = serializers.CharField()
    language = serializers.CharField()
    quiet_from = serializers.TimeField(allow_null=True)
    quiet_until = serializers.TimeField(allow_null=True)
    digest_at = serializers.IntegerField()
    is_paused = serializers.BooleanField()
    kinds = ChannelOutput(many=True)


class Preferences(MemberRead):
    """How the member wants to be told."""

    required_scopes = {"PATCH": Scope.ALERTS}

    @extend_schema(tags=["notifications"], operation_id="notification_preferences", responses=MannerOutput)
    def get(self, request: Request) -> Response:
        """Zone, quiet hours, pause, and the channels of every kind."""
        return self._told(request)

    @extend_schema(
        tags=["notifications"],
        operation_id="notification_preferences_change",
        request=MannerInput,
        responses=MannerOutput,
    )
    def patch(self, request: Request) -> Response:
        """Change what is named; the rest stays."""
        wanted = MannerInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        told = dict(wanted.validated_data)
        kinds = told.pop("kinds", [])
        known = {each.kind.key: each.choice for each in queries.choices_of(request.user)}
        choices = {
            each["kind"]: Choice(
                each.get("in_app", known[each["kind"]].in_app),
                Cadence(each.get("email", known[each["kind"]].email)),
                each.get("push", known[each["kind"]].push),
            )
            for each in kinds
        }
        actions.change_ways(by=request.user, changes=told, choices=choices)
        return self._told(request)

    def _told(self, request: Request) -> Response:
        manner = queries.manner_of(request.user)
        names = ("time_zone", "language", "quiet_from", "quiet_until", "digest_at", "is_paused")
        told: dict[str, Any] = {name: getattr(manner, name) for name in names}
        told["kinds"] = [
            {
                "kind": each.kind.key, "label": each.kind.label, "area": each.kind.area, "priority": each.kind.priority.value,
                "required": each.kind.required, "in_app": each.choice.in_app, "email": each.choice.email.value,
                "push": each.choice.push,
            }
            for each in queries.choices_of(request.user)
        ]  # fmt: skip
        return Response(MannerOutput(told).data)


class PushDeviceKeys(serializers.Serializer):
    """The keys of a browser's subscription, as it gives them."""

    p256dh = serializers.CharField(max_length=100)
    auth = serializers.CharField(max_length=40)


class PushDeviceInput(serializers.Serializer):
    """A browser's push subscription, as `PushSubscription.toJSON()` gives it."""

    endpoint = serializers.CharField(max_length=2000)
    keys = PushDeviceKeys()


class PushDeviceOutput(serializers.Serializer):
    """A browser that gets push messages."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    created_at = serializers.DateTimeField()
    told_at = serializers.DateTimeField(allow_null=True)


class DeviceList(MemberRead):
    """Browsers that get push messages."""

    required_scopes = {"POST": Scope.ALERTS}

    @extend_schema(
        tags=["notifications"],
        operation_id="push_devices",
        responses=inline_serializer(
            "PushDevices", {"public_key": serializers.CharField(), "devices": PushDeviceOutput(many=True)}
        ),
    )
    def get(self, request: Request) -> Response:
        """The member's, and the key to subscribe with; an empty key says that push is off here."""
        devices = PushDeviceOutput(queries.devices_of(request.user), many=True).data
        return Response({"public_key": vapid.public_key(), "devices": devices})

    @extend_schema(
        tags=["notifications"],
        operation_id="push_device_add",
        request=PushDeviceInput,
        responses={201: PushDeviceOutput},
    )
    def post(self, request: Request) -> Response:
        """Send push messages to a browser from now on. Sent again it is the same one."""
        wanted = PushDeviceInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        told = wanted.validated_data
        made = subscribe(
            by=request.user, endpoint=told["endpoint"], p256dh=told["keys"]["p256dh"], auth=told["keys"]["auth"],
            agent=request.headers.get("User-Agent", ""),
        )  # fmt: skip
        return Response(PushDeviceOutput(made).data, status=status.HTTP_201_CREATED)


class DeviceDetail(MemberRead):
    """One browser."""

    required_scopes = {"DELETE": Scope.ALERTS}

    @extend_schema(tags=["notifications"], operation_id="push_device_remove", responses={204: None})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Send it no more."""
        actions.forget_device(device=queries.device_for(owner=request.user, pk=pk), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)
