"""REST: where one is signed in, and ending it."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts import tokens
from apps.accounts.permissions import IsPerson
from apps.accounts.sessions import actions, queries


class DeviceOutput(serializers.Serializer):
    """A browser that is signed in; `network` is the first part of its address alone."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    network = serializers.CharField()
    signed_in_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    is_this_one = serializers.BooleanField()


class ProgramOutput(serializers.Serializer):
    """A program that signed in by password."""

    id = serializers.UUIDField()
    signed_in_at = serializers.DateTimeField(source="created_at")
    refreshed_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


class SessionList(APIView):
    """Everything that is signed in to the account. Not for API keys."""

    permission_classes = [IsPerson]

    @extend_schema(
        tags=["me"],
        operation_id="sessions",
        responses=inline_serializer(
            "Sessions", {"devices": DeviceOutput(many=True), "programs": ProgramOutput(many=True)}
        ),
    )
    def get(self, request: Request) -> Response:
        """Browsers and programs, last used first."""
        devices = queries.devices(user=request.user, session_key=request._request.session.session_key)
        programs = queries.programs(user=request.user)
        return Response(
            {"devices": DeviceOutput(devices, many=True).data, "programs": ProgramOutput(programs, many=True).data}
        )

    @extend_schema(tags=["me"], operation_id="end_sessions", responses={204: None})
    def delete(self, request: Request) -> Response:
        """Sign everything out, this program too; only the browser that asks stays."""
        actions.end_other_sessions(user=request.user, keep=request._request.session.session_key, by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class DeviceDetail(APIView):
    """One signed-in browser."""

    permission_classes = [IsPerson]

    @extend_schema(tags=["me"], operation_id="end_device", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Sign it out."""
        actions.end_session(session=queries.device_session(user=request.user, pk=pk), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ProgramDetail(APIView):
    """One signed-in program."""

    permission_classes = [IsPerson]

    @extend_schema(tags=["me"], operation_id="end_program", responses={204: None})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Sign it out."""
        tokens.end(queries.program(user=request.user, pk=pk), because="by its owner")
        return Response(status=status.HTTP_204_NO_CONTENT)
