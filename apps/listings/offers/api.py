"""REST: bargaining over the same actions and queries as the pages."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.catalog.api import one_of
from apps.core.errors import NotFound
from apps.core.lists import PAGING, CursorPagination, asked
from apps.core.reading import MemberRead
from apps.core.selection import FIELDS, only, selection
from apps.listings import queries as listings
from apps.listings.offers import actions, queries
from apps.listings.offers.models import Offer

WRITE = {"POST": "trades:write"}
SIDES = ["made", "received"]
STATES = ["live", "ended"]


class Paging(serializers.Serializer):
    """Where a page of offers stands in the whole."""

    total = serializers.IntegerField()
    limit = serializers.IntegerField()
    offset = serializers.IntegerField()
    has_more = serializers.BooleanField()


class OfferInput(serializers.Serializer):
    """A price for each of some copies of a listing."""

    listing_id = serializers.UUIDField()
    price_minor = serializers.IntegerField(min_value=1, max_value=2**53)
    quantity = serializers.IntegerField(min_value=1, max_value=2**31 - 1, default=1)
    message = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class CounterInput(serializers.Serializer):
    """Another price; as many copies as before unless told."""

    price_minor = serializers.IntegerField(min_value=1, max_value=2**53)
    quantity = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    message = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class TermsInput(serializers.Serializer):
    """Which offers a listing takes; least_percent: what is below is declined by itself."""

    is_open = serializers.BooleanField()
    least_percent = serializers.IntegerField(min_value=1, max_value=99, allow_null=True, default=None)


class OfferStepOutput(serializers.Serializer):
    """Who acts next, what they do, by when, what happens otherwise, and what the reader may do."""

    who = serializers.CharField()
    what = serializers.CharField()
    due_at = serializers.DateTimeField(allow_null=True)
    otherwise = serializers.CharField()
    may = serializers.ListField(child=serializers.CharField())


class OfferOutput(serializers.Serializer):
    """An offer as the API shows it; money in minor units."""

    id = serializers.UUIDField()
    listing_id = serializers.UUIDField()
    card_name = serializers.CharField(source="listing.item.variant.product.name")
    buyer_id = serializers.UUIDField()
    seller_id = serializers.UUIDField()
    author_id = serializers.UUIDField()
    quantity = serializers.IntegerField()
    price_minor = serializers.IntegerField()
    asked_minor = serializers.IntegerField(source="listing.price_minor")
    currency = serializers.CharField()
    message = serializers.CharField()
    state = serializers.CharField()
    why = serializers.CharField()
    due_at = serializers.DateTimeField()
    next_step = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(OfferStepOutput)
    def get_next_step(self, offer: Offer) -> dict[str, object]:
        """What comes next."""
        return OfferStepOutput(queries.next_step(offer, self.context["request"].user)).data


def _answer(request: Request, pk: uuid.UUID, code: int = status.HTTP_200_OK) -> Response:
    shown = OfferOutput(queries.offer_for(pk=pk, reader=request.user), context={"request": request})
    return Response(shown.data, status=code)


class OfferList(MemberRead):
    """The member's offers; make one."""

    required_scopes = WRITE

    @extend_schema(
        tags=["offers"],
        operation_id="offers",
        parameters=[
            OpenApiParameter("side", str, enum=SIDES, description="as the buyer or the seller; both unless told"),
            OpenApiParameter("state", str, enum=STATES, description="live unless told"),
            *PAGING,
            FIELDS,
        ],
        responses=inline_serializer("Offers", {"offers": OfferOutput(many=True), "pagination": CursorPagination()}),
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        part, chosen = asked(request), selection(request, OfferOutput)
        ended = one_of(request, "state", STATES) == "ended"
        page = queries.offers_of(
            member=request.user, side=one_of(request, "side", SIDES), ended=ended, limit=part.limit,
            offset=part.offset, after=part.after_place,
        )  # fmt: skip
        rows = OfferOutput(page.rows, many=True, context={"request": request}).data
        return part.answer("offers", only(chosen, rows), page)

    @extend_schema(tags=["offers"], operation_id="offer_make", request=OfferInput, responses={201: OfferOutput})
    def post(self, request: Request) -> Response:
        """Offer a price. One below what the seller considers comes back declined."""
        wanted = OfferInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        fields = dict(wanted.validated_data)
        listing = listings.listing_for(pk=fields.pop("listing_id"), reader=request.user)
        made = actions.make_offer(listing=listing, by=request.user, **fields)
        return _answer(request, made.pk, status.HTTP_201_CREATED)


class OfferDetail(MemberRead):
    """One offer of the member."""

    @extend_schema(tags=["offers"], operation_id="offer", responses=OfferOutput)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Where it stands and what comes next."""
        return _answer(request, pk)


class _Step(APIView):
    """A POST that moves an offer and needs nothing more."""

    required_scopes = WRITE

    def act(self, *, offer: Offer, by: object) -> Offer:
        """Do it."""
        raise NotFound

    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Act, answer with the offer."""
        self.act(offer=queries.offer_for(pk=pk, reader=request.user), by=request.user)
        return _answer(request, pk)


def _step(name: str, action: object, summary: str) -> type[_Step]:
    view = type(name, (_Step,), {"act": staticmethod(action), "__doc__": summary})
    return extend_schema(tags=["offers"], request=None, responses=OfferOutput, description=summary)(view)


OfferAccept = _step("OfferAccept", actions.accept, "Agree to the price: the copies are reserved for the buyer.")
OfferDecline = _step("OfferDecline", actions.decline, "Say no.")
OfferWithdraw = _step("OfferWithdraw", actions.withdraw, "Take one's offer back, or give up an agreement.")


class OfferCounter(APIView):
    """Answer an offer with another price."""

    required_scopes = WRITE

    @extend_schema(tags=["offers"], request=CounterInput, responses={201: OfferOutput})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """The former offer ends; the answer is the new one."""
        found = queries.offer_for(pk=pk, reader=request.user)
        wanted = CounterInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        made = actions.counter(offer=found, by=request.user, **wanted.validated_data)
        return _answer(request, made.pk, status.HTTP_201_CREATED)


class Terms(APIView):
    """Which offers a listing takes."""

    required_scopes = {"PUT": "listings:write"}

    @extend_schema(tags=["offers"], operation_id="offer_terms_set", request=TermsInput, responses=TermsInput)
    def put(self, request: Request, pk: uuid.UUID) -> Response:
        """Set them; offers that are open stay open."""
        listing = listings.own_listing(seller=request.user, pk=pk)
        wanted = TermsInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        made = actions.set_terms(listing=listing, by=request.user, **wanted.validated_data)
        return Response(TermsInput(made).data)
