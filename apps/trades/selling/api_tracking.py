"""REST of tracking in bulk."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.errors import InvalidInput
from apps.trades.selling import tracking


class ParcelLine(serializers.Serializer):
    """An order's parcel. order: its number or its id. carrier: guessed from the number where it is left out."""

    order = serializers.CharField(max_length=60)
    carrier = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    tracking_number = serializers.CharField(
        max_length=60, required=False, allow_blank=True, default="", source="number"
    )


class ParcelsInput(serializers.Serializer):
    """Parcels to tell of, as a list, or as `text` (the lines of a CSV file). only_look: nothing is changed."""

    parcels = ParcelLine(many=True, required=False)
    text = serializers.CharField(max_length=200_000, required=False, trim_whitespace=False)
    only_look = serializers.BooleanField(required=False, default=False)


class ParcelResult(serializers.Serializer):
    """What became of a line."""

    line = serializers.IntegerField(source="line.line")
    order = serializers.CharField(source="line.order")
    outcome = serializers.ChoiceField([tracking.SHIPPED, tracking.SAME, tracking.READY, tracking.REFUSED])
    message = serializers.CharField(source="said")
    carrier = serializers.CharField()
    is_guessed = serializers.BooleanField()
    trade_id = serializers.UUIDField(source="trade.pk", allow_null=True, default=None)


class Parcels(APIView):
    """Tracking in bulk."""

    required_scopes = {"POST": "trades:write"}

    @extend_schema(
        tags=["selling"],
        operation_id="orders_tracking",
        request=ParcelsInput,
        responses=inline_serializer("ParcelResults", {"results": ParcelResult(many=True)}),
    )
    def post(self, request: Request) -> Response:
        """Ship the order of each line, each for itself; sent twice it changes nothing more."""
        wanted = ParcelsInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        said = wanted.validated_data
        given = said.get("parcels") or []
        if bool(given) == bool(said.get("text")):
            raise InvalidInput("Send parcels, or text, and one of both.", field="parcels")
        if len(given) > tracking.MOST_LINES:
            raise InvalidInput(f"At most {tracking.MOST_LINES} parcels at once.", field="parcels")
        lines = [tracking.Line(number, **each) for number, each in enumerate(given, 1)] or tracking.lines_in(
            said["text"]
        )
        found = tracking.ship_many(lines=lines, by=request.user, only_look=said["only_look"])
        return Response({"results": ParcelResult(found, many=True).data})
