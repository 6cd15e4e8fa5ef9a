"""REST of a member's account statement."""

from __future__ import annotations

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.files import AsCsv, FileView, one_of
from apps.escrow.statements import queries
from apps.escrow.statements.periods import period_of
from apps.escrow.statements.views import csv_answer
from apps.escrow.statements.words import POCKETS


class PocketOutput(serializers.Serializer):
    """Money in one place; closing = opening + came + went, minor units."""

    name = serializers.ChoiceField(list(POCKETS))
    words = serializers.CharField()
    opening_minor = serializers.IntegerField(source="opening.amount_minor")
    came_minor = serializers.IntegerField(source="came.amount_minor")
    went_minor = serializers.IntegerField(source="went.amount_minor")
    closing_minor = serializers.IntegerField(source="closing.amount_minor")


class AccountMovementOutput(serializers.Serializer):
    """One posting; balance_minor is the pocket's after it."""

    at = serializers.DateTimeField()
    pocket = serializers.ChoiceField(list(POCKETS))
    kind = serializers.CharField()
    words = serializers.CharField()
    about = serializers.CharField()
    cause = serializers.CharField()
    amount_minor = serializers.IntegerField(source="amount.amount_minor")
    balance_minor = serializers.IntegerField(source="balance.amount_minor")


class AccountStatementOutput(serializers.Serializer):
    """A month or a year in one currency."""

    period = serializers.CharField(source="period.slug")
    currency = serializers.CharField()
    pockets = PocketOutput(many=True)
    movements = AccountMovementOutput(many=True)


class AccountStatement(FileView):
    """A member's own account statement."""

    renderer_classes = [JSONRenderer, AsCsv]

    @extend_schema(
        tags=["payments"],
        parameters=[
            OpenApiParameter("currency", str, description="ISO 4217; the one used most unless told"),
            OpenApiParameter("format", str, enum=["json", "csv"]),
        ],
        responses={(200, "application/json"): AccountStatementOutput, (200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request, year: int, month: int = 0) -> Response | StreamingHttpResponse:
        """Balance at the beginning, every movement with its cause, balance at the end, by where the money is."""
        period, known = period_of(year, month), queries.currencies_of(request.user)
        currency = one_of(request, "currency", known)
        found = queries.statement_of(member=request.user, period=period, currency=currency)
        if request.accepted_renderer.format == "csv":
            return csv_answer(found)
        return Response(AccountStatementOutput(found).data)


@extend_schema_view(get=extend_schema(operation_id="account_statement_year"))
class YearOfAccount(AccountStatement):
    """A year."""


@extend_schema_view(get=extend_schema(operation_id="account_statement_month"))
class MonthOfAccount(AccountStatement):
    """A month."""
