"""REST: send photos, follow the scan, choose, confirm."""

from __future__ import annotations

import uuid

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.catalog.models import Category, Variant
from apps.core.conditions import Condition
from apps.scans import actions, queries
from apps.scans.models import Candidate, DetectedCard, Scan

WRITE = {"POST": "inventory:write", "PATCH": "inventory:write"}


class ScanInput(serializers.Serializer):
    """Photos to look at."""

    photos = serializers.ListField(child=serializers.FileField(), allow_empty=False, max_length=actions.MOST_PHOTOS)
    game = serializers.CharField(required=False, allow_blank=True, default="")


class CardInput(serializers.Serializer):
    """What the member makes of one card."""

    variant_id = serializers.UUIDField(required=False)
    condition = serializers.ChoiceField(Condition.choices, required=False)
    quantity = serializers.IntegerField(min_value=1, max_value=999, required=False)
    dismissed = serializers.BooleanField(required=False)


class CandidateOutput(serializers.Serializer):
    """A printing that a card may be."""

    variant_id = serializers.UUIDField()
    card_id = serializers.UUIDField(source="variant.product_id")
    card_name = serializers.CharField(source="variant.product.name")
    card_number = serializers.CharField(source="variant.product.number")
    set_identifier = serializers.CharField(source="variant.product.release.code")
    probability = serializers.FloatField()
    reasons = serializers.ListField(child=serializers.CharField())
    value = serializers.DecimalField(max_digits=12, decimal_places=2, coerce_to_string=False, allow_null=True)


class CardOutput(serializers.Serializer):
    """A card found in a photo: corners in photo pixels, clockwise from its top left."""

    id = serializers.UUIDField()
    quad = serializers.ListField(child=serializers.ListField(child=serializers.FloatField()))
    decided = serializers.BooleanField()
    reading = serializers.DictField()
    warnings = serializers.ListField(child=serializers.CharField())
    state = serializers.CharField()
    variant_id = serializers.UUIDField(allow_null=True)
    condition = serializers.CharField()
    quantity = serializers.IntegerField()
    item_id = serializers.UUIDField(allow_null=True)
    candidates = serializers.SerializerMethodField()

    @extend_schema_field(CandidateOutput(many=True))
    def get_candidates(self, card: DetectedCard) -> list[dict[str, object]]:
        """Most probable first."""
        rows: list[Candidate] = list(card.candidates.all())
        return CandidateOutput(rows, many=True).data


class PhotoOutput(serializers.Serializer):
    """One photo with its cards."""

    id = serializers.UUIDField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    error = serializers.CharField()
    seconds = serializers.DictField()
    cards = CardOutput(many=True)


class ScanOutput(serializers.Serializer):
    """A scan as the API shows it."""

    id = serializers.UUIDField()
    state = serializers.CharField()
    error = serializers.CharField()
    engine_versions = serializers.DictField()
    photos = PhotoOutput(many=True)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


def _shown(request: Request, pk: uuid.UUID) -> dict[str, object]:
    return ScanOutput(queries.scan_for(pk=pk, reader=request.user)).data


class ScanList(APIView):
    """Start a scan."""

    required_scopes = WRITE
    parser_classes = (MultiPartParser,)

    @extend_schema(tags=["scans"], request={"multipart/form-data": ScanInput}, responses={202: ScanOutput})
    def post(self, request: Request) -> Response:
        """Send photos; ask for the scan until its state is `review`."""
        wanted = ScanInput(data={"photos": request.FILES.getlist("photos"), "game": request.data.get("game", "")})
        wanted.is_valid(raise_exception=True)
        game = wanted.validated_data["game"]
        scan: Scan = actions.start_scan(
            uploads=wanted.validated_data["photos"],
            owner=request.user,
            category=get_object_or_404(Category, game=game) if game else None,
        )
        return Response(_shown(request, scan.pk), status=status.HTTP_202_ACCEPTED)


class ScanDetail(APIView):
    """One scan of the member."""

    @extend_schema(tags=["scans"], responses=ScanOutput)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Its state, photos, cards and candidates."""
        return Response(_shown(request, pk))


class ScanConfirm(APIView):
    """Put chosen cards into the inventory."""

    required_scopes = WRITE

    @extend_schema(tags=["scans"], request=None, responses=ScanOutput)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """All open cards with a chosen printing; answers with the scan, whose cards carry their item's id."""
        actions.confirm(scan=queries.scan_for(pk=pk, reader=request.user), by=request.user)
        return Response(_shown(request, pk))


class ScanCard(APIView):
    """One detected card."""

    required_scopes = WRITE

    @extend_schema(tags=["scans"], request=CardInput, responses=CardOutput)
    def patch(self, request: Request, pk: uuid.UUID) -> Response:
        """Choose a printing, condition or quantity, or dismiss it."""
        wanted = CardInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        fields = dict(wanted.validated_data)
        chosen = fields.pop("variant_id", None)
        actions.choose(
            card=queries.card_for(pk=pk, reader=request.user),
            by=request.user,
            variant=get_object_or_404(Variant, pk=chosen) if chosen else None,
            **fields,
        )
        return Response(CardOutput(queries.card_for(pk=pk, reader=request.user)).data)
