"""REST: send photos, follow the scan, choose, confirm."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.catalog.models import Category, Variant
from apps.core.conditions import Condition
from apps.core.errors import InvalidInput
from apps.scans import actions, queries
from apps.scans.models import Candidate, DetectedCard, Scan
from ml.grade.grading import KINDS, PARTS

WRITE = {"POST": "inventory:write", "PATCH": "inventory:write"}


class ScanInput(serializers.Serializer):
    """Photos to look at. The same request_key is the scan that it made before."""

    photos = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True), allow_empty=False, max_length=actions.MOST_PHOTOS
    )
    game = serializers.CharField(required=False, allow_blank=True, default="")
    request_key = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")


class CardInput(serializers.Serializer):
    """What the member makes of one card."""

    variant_id = serializers.UUIDField(required=False, allow_null=True, help_text="null: none of the candidates")
    condition = serializers.ChoiceField(Condition.choices, required=False)
    quantity = serializers.IntegerField(min_value=1, max_value=999, required=False)
    dismissed = serializers.BooleanField(required=False)


class ConfirmInput(serializers.Serializer):
    """Which cards to confirm."""

    cards = serializers.ListField(
        child=serializers.UUIDField(), required=False, allow_empty=False, help_text="left out: all that are chosen"
    )


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


class DefectOutput(serializers.Serializer):
    """A region that costs points; its box in shares of the straightened card's width and height."""

    kind = serializers.ChoiceField([*KINDS, "centering"])
    part = serializers.ChoiceField(PARTS)
    place = serializers.CharField()
    box = serializers.ListField(child=serializers.FloatField(), help_text="left, top, right, bottom")
    extent = serializers.FloatField(help_text="mm of length, or mm² of a stain or a whitened corner")
    points = serializers.FloatField(help_text="what the subgrade would gain without it")
    side = serializers.ChoiceField(["front", "back"])


class CenteringOutput(serializers.Serializer):
    """Border widths, and the share of the wider border of each axis in percent."""

    left_mm = serializers.FloatField()
    right_mm = serializers.FloatField()
    top_mm = serializers.FloatField()
    bottom_mm = serializers.FloatField()
    horizontal = serializers.FloatField()
    vertical = serializers.FloatField()
    error = serializers.FloatField(help_text="percentage points by which a share may be off")
    by = serializers.ChoiceField(["border", "reference"])


class GradingOutput(serializers.Serializer):
    """A grade as estimated from the photo, 1 to 10 in halves, and its range: never a professional grade."""

    overall = serializers.FloatField()
    lowest = serializers.FloatField()
    highest = serializers.FloatField()
    subgrades = serializers.DictField(
        child=serializers.FloatField(), help_text="by part; what was not measured is missing"
    )
    centering = CenteringOutput(allow_null=True)
    back_centering = CenteringOutput(allow_null=True)
    defects = DefectOutput(many=True)
    limits = serializers.ListField(child=serializers.CharField(), help_text="what the photo could not show")
    advice = serializers.ListField(child=serializers.CharField())
    version = serializers.CharField()


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
    grading = serializers.SerializerMethodField()
    candidates = serializers.SerializerMethodField()

    @extend_schema_field(GradingOutput(allow_null=True))
    def get_grading(self, card: DetectedCard) -> dict[str, object] | None:
        """Estimated from the photo; null where it has too few pixels of the card."""
        return GradingOutput(card.grading).data if card.grading else None

    @extend_schema_field(CandidateOutput(many=True))
    def get_candidates(self, card: DetectedCard) -> list[dict[str, object]]:
        """Most probable first."""
        rows: list[Candidate] = list(card.candidates.all())
        return CandidateOutput(rows, many=True).data


class PhotoOutput(serializers.Serializer):
    """One photo with its cards."""

    id = serializers.UUIDField()
    name = serializers.CharField(source="original_name")
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    state = serializers.ChoiceField(["waiting", "looking", "done", "failed"])
    error = serializers.CharField()
    seconds = serializers.DictField()
    cards = CardOutput(many=True)


class RefusedOutput(serializers.Serializer):
    """An upload that could not be used, and what to do about it."""

    name = serializers.CharField()
    message = serializers.CharField()


class PlaceOutput(serializers.Serializer):
    """A place in the queue. seconds: until the scan's next photo is begun, null where that is not known."""

    photos_before = serializers.IntegerField(source="before")
    seconds = serializers.IntegerField(allow_null=True)


class ScanOutput(serializers.Serializer):
    """A scan as the API shows it."""

    id = serializers.UUIDField()
    state = serializers.CharField()
    error = serializers.CharField()
    refused = serializers.ListField(child=RefusedOutput())
    engine_versions = serializers.DictField()
    place = serializers.SerializerMethodField()
    photos = PhotoOutput(many=True)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(PlaceOutput(allow_null=True))
    def get_place(self, scan: Scan) -> dict[str, object] | None:
        """While one of its photos waits: how many come before."""
        place = queries.place_of(scan)
        return None if place is None else PlaceOutput(place).data


def _shown(request: Request, pk: uuid.UUID) -> dict[str, object]:
    return ScanOutput(queries.scan_for(pk=pk, reader=request.user)).data


def _category(game: str) -> Category | None:
    """Where cards of a game are. Raises InvalidInput on an unknown one."""
    if not game:
        return None
    found = Category.objects.filter(game=game).order_by("path").first()
    if found is None:
        raise InvalidInput("This game is not in the catalogue.", field="game")
    return found


def _printing(pk: uuid.UUID) -> Variant:
    """The printing of that id. Raises InvalidInput where there is none."""
    found = Variant.objects.filter(pk=pk).first()
    if found is None:
        raise InvalidInput("This printing is not in the catalogue.", field="variant_id")
    return found


class ScanList(APIView):
    """Start a scan."""

    required_scopes = WRITE
    parser_classes = (MultiPartParser,)

    @extend_schema(tags=["scans"], request={"multipart/form-data": ScanInput}, responses={202: ScanOutput})
    def post(self, request: Request) -> Response:
        """Send photos; ask for the scan until its state is `review`.

        429 TOO_MANY_WAITING and 503 QUEUE_FULL: nothing was stored; send them again after `Retry-After` seconds.
        """
        said = {name: request.data.get(name, "") for name in ("game", "request_key")}
        wanted = ScanInput(data={"photos": request.FILES.getlist("photos"), **said})
        wanted.is_valid(raise_exception=True)
        game = wanted.validated_data["game"]
        scan: Scan = actions.start_scan(
            uploads=wanted.validated_data["photos"],
            owner=request.user,
            category=_category(game),
            request_key=wanted.validated_data["request_key"],
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

    @extend_schema(tags=["scans"], request=ConfirmInput, responses=ScanOutput)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """The named cards, else all, as far as they are open and have a chosen printing. Safe to repeat.

        Answers with the scan, whose cards carry their item's id.
        """
        wanted = ConfirmInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        scan = queries.scan_for(pk=pk, reader=request.user)
        actions.confirm(scan=scan, by=request.user, cards=wanted.validated_data.get("cards"))
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
        if "variant_id" in fields:
            chosen = fields.pop("variant_id")
            fields |= {"variant": _printing(chosen)} if chosen else {"none_of_these": True}
        actions.choose(card=queries.card_for(pk=pk, reader=request.user), by=request.user, **fields)
        return Response(CardOutput(queries.card_for(pk=pk, reader=request.user)).data)
