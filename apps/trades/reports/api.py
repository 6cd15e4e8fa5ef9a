"""REST: report something, see what came of it, appeal."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.lists import PAGING, CursorPagination, asked
from apps.core.reading import MemberRead
from apps.trades.reports import actions, queries
from apps.trades.reports.models import Report

WRITE = {"POST": "trades:write"}


class ReportInput(serializers.Serializer):
    """What is reported, and why."""

    kind = serializers.ChoiceField(Report.Kind.choices)
    target_id = serializers.UUIDField()
    reason = serializers.ChoiceField(Report.Reason.choices)
    statement = serializers.CharField(max_length=1000)


class ReportOutput(serializers.Serializer):
    """A report as who made it sees it."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    target_id = serializers.UUIDField()
    title = serializers.CharField()
    reason = serializers.CharField()
    statement = serializers.CharField()
    state = serializers.CharField()
    decision = serializers.CharField()
    appeal_decision = serializers.CharField()
    created_at = serializers.DateTimeField()


class AppealInput(serializers.Serializer):
    """Why the decision is wrong."""

    statement = serializers.CharField(max_length=1000)


class AppealOutput(serializers.Serializer):
    """A decision about oneself; who reported is not told."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    title = serializers.CharField()
    state = serializers.CharField()
    decision = serializers.CharField()
    appeal = serializers.CharField()


class ReportList(MemberRead):
    """What the member reported; report something."""

    required_scopes = WRITE

    @extend_schema(
        tags=["members"],
        operation_id="reports",
        parameters=PAGING,
        responses=inline_serializer("Reports", {"reports": ReportOutput(many=True), "pagination": CursorPagination()}),
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        part = asked(request)
        page = queries.made_by(member=request.user, limit=part.limit, offset=part.offset, after=part.after_place)
        return part.answer("reports", ReportOutput(page.rows, many=True).data, page)

    @extend_schema(tags=["members"], operation_id="report", request=ReportInput, responses={201: ReportOutput})
    def post(self, request: Request) -> Response:
        """Tell the moderators about a listing, a member or a review."""
        wanted = ReportInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        made = actions.report(by=request.user, **wanted.validated_data)
        return Response(ReportOutput(made).data, status=status.HTTP_201_CREATED)


class Appeal(APIView):
    """An appeal against a decision about oneself."""

    required_scopes = WRITE

    @extend_schema(tags=["members"], operation_id="report_appeal", request=AppealInput, responses=AppealOutput)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Once, within 14 days of the decision."""
        found = queries.report_about(member=request.user, pk=pk)
        wanted = AppealInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        made = actions.appeal(report=found, by=request.user, **wanted.validated_data)
        return Response(AppealOutput(made).data)
