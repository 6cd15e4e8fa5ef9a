"""REST of wants and haves."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.catalog.models import Finish
from apps.core.conditions import Condition
from apps.core.lists import BY_OFFSET, Pagination
from apps.core.pagination import limit_offset
from apps.inventory import queries as inventory
from apps.inventory.exchange.vocabulary import NAMES
from apps.listings.wants import actions, queries
from apps.listings.wants.models import Match, Want

WRITE = {"POST": "listings:write", "PATCH": "listings:write", "DELETE": "listings:write", "PUT": "listings:write"}


class ListInput(serializers.Serializer):
    """A list to begin."""

    name = serializers.CharField(max_length=60)
    is_public = serializers.BooleanField(required=False, default=False)


class WantListOutput(serializers.Serializer):
    """A list of wanted cards."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    is_public = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class LinesInput(serializers.Serializer):
    """Lines to add, as people, decks and exports write them, and what will do for all of them."""

    text = serializers.CharField(max_length=200_000, trim_whitespace=False)
    conditions = serializers.ListField(child=serializers.ChoiceField(Condition.choices), required=False)
    languages = serializers.ListField(child=serializers.ChoiceField(list(NAMES)), required=False)
    finishes = serializers.ListField(child=serializers.ChoiceField(Finish.choices), required=False)
    most_minor = serializers.IntegerField(min_value=1, max_value=50_000_000, required=False, allow_null=True)
    any_printing = serializers.BooleanField(required=False)


class WantOutput(serializers.Serializer):
    """A line: what was said, where it stands and why, and the cards that will do (or that it may be)."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(Want.State.choices)
    said = serializers.CharField()
    reason = serializers.CharField()
    quantity = serializers.IntegerField()
    conditions = serializers.ListField(child=serializers.CharField())
    languages = serializers.ListField(child=serializers.CharField())
    finishes = serializers.ListField(child=serializers.CharField())
    most_minor = serializers.IntegerField(allow_null=True)
    currency = serializers.CharField()
    any_printing = serializers.BooleanField(source="takes_any_printing")
    is_told = serializers.BooleanField()
    card_ids = serializers.SerializerMethodField()

    def get_card_ids(self, want: Want) -> list[uuid.UUID]:
        """Cards that will do, or that it may be."""
        return [card.product_id for card in want.cards.all()]


class WantChange(serializers.Serializer):
    """Cards that the line means, or how many copies and for how much; is_told: whether new matches are told."""

    card_ids = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=60)
    quantity = serializers.IntegerField(min_value=1, max_value=9999, required=False)
    most_minor = serializers.IntegerField(min_value=1, max_value=50_000_000, required=False, allow_null=True)
    any_printing = serializers.BooleanField(required=False)
    is_told = serializers.BooleanField(required=False)


class MatchOutput(serializers.Serializer):
    """An offer, or somebody's have, that will do."""

    want_id = serializers.UUIDField()
    listing_id = serializers.UUIDField(allow_null=True)
    card_id = serializers.SerializerMethodField()
    member_id = serializers.SerializerMethodField()
    price_minor = serializers.IntegerField(source="listing.price_minor", allow_null=True, default=None)
    currency = serializers.CharField(source="listing.currency", allow_null=True, default=None)
    at = serializers.DateTimeField()

    def get_card_id(self, match: Match) -> uuid.UUID:
        """The card."""
        return (match.listing or match.have).item.variant.product_id

    def get_member_id(self, match: Match) -> uuid.UUID:
        """Who has it."""
        return match.listing.seller_id if match.listing else match.have.owner_id


class WantLists(APIView):
    """The member's lists of wanted cards."""

    required_scopes = WRITE

    @extend_schema(
        tags=["wants"],
        operation_id="want_lists",
        responses=inline_serializer("WantLists", {"lists": WantListOutput(many=True)}),
    )
    def get(self, request: Request) -> Response:
        """By name."""
        return Response({"lists": WantListOutput(queries.lists_of(owner=request.user), many=True).data})

    @extend_schema(tags=["wants"], operation_id="want_list_make", request=ListInput, responses={201: WantListOutput})
    def post(self, request: Request) -> Response:
        """Begin a list."""
        wanted = ListInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        made = actions.make_list(by=request.user, **wanted.validated_data)
        return Response(WantListOutput(made).data, status=status.HTTP_201_CREATED)


_WANTS = inline_serializer("Wants", {"wants": WantOutput(many=True)})


class WantListDetail(APIView):
    """A list: one's own, or a public one to read."""

    required_scopes = WRITE

    @extend_schema(
        tags=["wants"],
        operation_id="want_list",
        parameters=BY_OFFSET,
        responses=inline_serializer("WantsPage", {"wants": WantOutput(many=True), "pagination": Pagination()}),
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Its lines, those to repair first."""
        limit, offset = limit_offset(request)
        found = queries.list_for(pk=pk, reader=request.user)
        page = queries.wants_page(wanted=found, reader=request.user, limit=limit, offset=offset)
        return Response({"wants": WantOutput(page.rows, many=True).data, "pagination": page.envelope()})

    @extend_schema(tags=["wants"], operation_id="want_list_add", request=LinesInput, responses=_WANTS)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Add lines; what each became is answered in their order."""
        found = queries.own_list(pk=pk, owner=request.user)
        wanted = LinesInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        made = actions.add_lines(wanted=found, by=request.user, **wanted.validated_data)
        return Response({"wants": WantOutput(made, many=True).data})

    @extend_schema(tags=["wants"], operation_id="want_list_delete", responses={204: None})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Remove it with its lines."""
        actions.delete_list(wanted=queries.own_list(pk=pk, owner=request.user), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class WantDetail(APIView):
    """A line of one's own."""

    required_scopes = WRITE

    @extend_schema(tags=["wants"], operation_id="want_change", request=WantChange, responses=WantOutput)
    def patch(self, request: Request, pk: uuid.UUID) -> Response:
        """Say which cards it means, or change copies and price."""
        want = queries.want_for(pk=pk, owner=request.user)
        wanted = WantChange(data=request.data)
        wanted.is_valid(raise_exception=True)
        said = wanted.validated_data
        if "card_ids" in said:
            want = actions.pick_cards(want=want, products=said["card_ids"], by=request.user)
        if "is_told" in said:
            want = actions.set_told(want=want, is_told=said["is_told"], by=request.user)
        if said.keys() & {"quantity", "most_minor", "any_printing"}:
            quantity = said.get("quantity", max(want.quantity, 1))
            most = said.get("most_minor", want.most_minor)
            want = actions.change_want(
                want=want, quantity=quantity, most_minor=most, any_printing=said.get("any_printing"), by=request.user
            )
        return Response(WantOutput(want).data)

    @extend_schema(tags=["wants"], operation_id="want_delete", responses={204: None})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Take it off its list."""
        actions.remove_want(want=queries.want_for(pk=pk, owner=request.user), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Matches(APIView):
    """Offers and haves that will do for one's wants."""

    @extend_schema(
        tags=["wants"],
        operation_id="want_matches",
        parameters=BY_OFFSET,
        responses=inline_serializer("WantMatches", {"matches": MatchOutput(many=True), "pagination": Pagination()}),
    )
    def get(self, request: Request) -> Response:
        """Those that still hold, best first."""
        limit, offset = limit_offset(request)
        page = queries.matches_page(owner=request.user, limit=limit, offset=offset)
        return Response({"matches": MatchOutput(page.rows, many=True).data, "pagination": page.envelope()})


class HaveDetail(APIView):
    """Whether an item may be traded for."""

    required_scopes = WRITE

    @extend_schema(tags=["wants"], operation_id="have_mark", request=None, responses={204: None})
    def put(self, request: Request, item: uuid.UUID) -> Response:
        """It may."""
        actions.set_have(item=inventory.item_for(owner=request.user, pk=item), for_trade=True, by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(tags=["wants"], operation_id="have_unmark", responses={204: None})
    def delete(self, request: Request, item: uuid.UUID) -> Response:
        """It may not."""
        actions.set_have(item=inventory.item_for(owner=request.user, pk=item), for_trade=False, by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)
