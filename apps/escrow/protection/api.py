"""REST of purchase protection's figures."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.escrow.protection import queries


class ProtectionMonthOutput(serializers.Serializer):
    """A month in one currency, minor units; closing = opening + held - released - given back - taken."""

    month = serializers.DateField(source="begins_on", help_text="its first day")
    currency = serializers.CharField()
    sales = serializers.IntegerField(help_text="payments that arrived and were held")
    opening_minor = serializers.IntegerField(source="opening.amount_minor")
    held_minor = serializers.IntegerField(source="held.amount_minor")
    released_minor = serializers.IntegerField(source="released.amount_minor", help_text="to sellers, our fee included")
    given_back_minor = serializers.IntegerField(source="given_back.amount_minor", help_text="to buyers, while held")
    taken_minor = serializers.IntegerField(source="taken.amount_minor", help_text="by buyers' banks, while held")
    closing_minor = serializers.IntegerField(source="closing.amount_minor")
    after_release_minor = serializers.IntegerField(
        source="after_release.amount_minor", help_text="given back by sellers who had been paid"
    )
    lost_minor = serializers.IntegerField(source="lost.amount_minor", help_text="what nobody else bore, so we did")


class ProtectionFiguresOutput(serializers.Serializer):
    """Every month in which something happened, latest first."""

    months = ProtectionMonthOutput(many=True)


class ProtectionFigures(APIView):
    """The published figures of purchase protection."""

    permission_classes = [AllowAny]

    @extend_schema(tags=["payments"], operation_id="protection_figures", responses=ProtectionFiguresOutput)
    def get(self, request: Request) -> Response:
        """What was held, released, given back and lost, by month and currency; at most ten minutes old."""
        return Response(ProtectionFiguresOutput({"months": queries.published()}).data)
