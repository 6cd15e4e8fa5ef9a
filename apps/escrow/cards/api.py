"""REST of the member's cards."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.reading import MemberRead
from apps.escrow.cards import actions
from apps.escrow.cards.choosing import cards_of


class SavedCardOutput(serializers.Serializer):
    """A card that the payment processor keeps for the member."""

    id = serializers.UUIDField()
    brand = serializers.CharField()
    last4 = serializers.CharField()
    exp_month = serializers.IntegerField()
    exp_year = serializers.IntegerField()
    is_default = serializers.BooleanField()


class AddCardInput(serializers.Serializer):
    """Where the member goes on from the processor's page."""

    return_url = serializers.URLField()


def _cards(request: Request) -> dict[str, object]:
    return {"cards": SavedCardOutput(cards_of(request.user), many=True).data}


_CARDS = inline_serializer("SavedCards", {"cards": SavedCardOutput(many=True)})


class CardList(MemberRead):
    """The member's cards; add one."""

    required_scopes = {"POST": "trades:write"}

    @extend_schema(tags=["payments"], operation_id="payment_cards", responses=_CARDS)
    def get(self, request: Request) -> Response:
        """The default first. After adding one, POST to refresh."""
        return Response(_cards(request))

    @extend_schema(
        tags=["payments"],
        operation_id="payment_card_add",
        request=AddCardInput,
        responses={201: inline_serializer("AddedCard", {"url": serializers.URLField()})},
    )
    def post(self, request: Request) -> Response:
        """The address of the processor's page on which the card is typed in. Card numbers are never sent here."""
        wanted = AddCardInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        back = wanted.validated_data["return_url"]
        url = actions.start_adding(user=request.user, success_url=back, cancel_url=back)
        return Response({"url": url}, status=status.HTTP_201_CREATED)


class CardsRefresh(APIView):
    """Ask the processor which cards it keeps."""

    required_scopes = {"POST": "trades:write"}

    @extend_schema(tags=["payments"], operation_id="payment_cards_refresh", request=None, responses=_CARDS)
    def post(self, request: Request) -> Response:
        """The cards as they are there now."""
        actions.refresh_cards(user=request.user)
        return Response(_cards(request))


class CardDetail(APIView):
    """One card."""

    required_scopes = {"POST": "trades:write", "DELETE": "trades:write"}

    @extend_schema(tags=["payments"], operation_id="payment_card_default", request=None, responses=_CARDS)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Make it the default."""
        actions.make_default(card=actions.own_card(pk=pk, by=request.user), by=request.user)
        return Response(_cards(request))

    @extend_schema(tags=["payments"], operation_id="payment_card_remove", responses={204: None})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Have it forgotten; nobody can pay with it any more."""
        actions.remove_card(card=actions.own_card(pk=pk, by=request.user), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)
