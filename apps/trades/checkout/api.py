"""REST: checking out the member's cart, and what became of an order."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.reading import MemberRead
from apps.trades.api import WRITE, AddressInput
from apps.trades.checkout import actions, queries
from apps.trades.checkout.models import OrderParcel


class CheckoutTotalInput(serializers.Serializer):
    """The total of one parcel as the cart showed it; it is never more."""

    seller_id = serializers.UUIDField()
    currency = serializers.RegexField("^[A-Z]{3}$", default="USD")
    total_minor = serializers.IntegerField(min_value=1, max_value=1 << 50)


class CheckoutInput(serializers.Serializer):
    """One confirmation. The same request_key is the same order. With payment_method each parcel is paid at once."""

    ship_to = AddressInput()
    agreed = CheckoutTotalInput(many=True, allow_empty=False, max_length=25)
    request_key = serializers.CharField(max_length=80)
    payment_method = serializers.CharField(max_length=120, required=False)
    return_url = serializers.URLField(required=False, default="")


class CheckoutParcelOutput(serializers.Serializer):
    """What became of one seller's parcel: a trade with the page to pay on, or the reason why not."""

    seller_id = serializers.UUIDField()
    trade_id = serializers.UUIDField(allow_null=True)
    stage = serializers.SerializerMethodField()
    total_minor = serializers.IntegerField(source="trade.total_minor", default=None, allow_null=True)
    currency = serializers.CharField()
    checkout_url = serializers.SerializerMethodField()
    refusal_code = serializers.CharField()
    refusal = serializers.CharField()

    def get_stage(self, parcel: OrderParcel) -> str:
        """Where the held money stands; empty without a trade."""
        return parcel.trade.hold.state if parcel.trade else ""

    def get_checkout_url(self, parcel: OrderParcel) -> str:
        """The page to pay on while that is awaited."""
        payments = parcel.trade.hold.payments.all() if parcel.trade else ()
        return next((each.checkout_url for each in payments if each.state == "pending"), "")


class CheckoutOutput(serializers.Serializer):
    """An order, seller by seller."""

    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    parcels = CheckoutParcelOutput(many=True)


class Orders(MemberRead):
    """Check out."""

    required_scopes = WRITE

    @extend_schema(tags=["cart"], operation_id="checkout", request=CheckoutInput, responses={201: CheckoutOutput})
    def post(self, request: Request) -> Response:
        """A trade and a payment for each seller; what fails is said there and the rest stands."""
        told = CheckoutInput(data=request.data)
        told.is_valid(raise_exception=True)
        asked = told.validated_data
        agreed = {(each["seller_id"], each["currency"]): each["total_minor"] for each in asked["agreed"]}
        made = actions.place_order(
            by=request.user, ship_to=asked["ship_to"], agreed=agreed, request_key=asked["request_key"]
        )
        back = asked["return_url"] or request.build_absolute_uri(made.get_absolute_url())
        actions.pay(
            order=made, by=request.user, next_url=back, back_url=back, payment_method=asked.get("payment_method")
        )
        found = queries.order_for(pk=made.pk, buyer=request.user)
        return Response(CheckoutOutput(found).data, status=status.HTTP_201_CREATED)


class OrderDetail(MemberRead):
    """One order of the member."""

    @extend_schema(tags=["cart"], operation_id="checkout_order", responses=CheckoutOutput)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """What became of it, seller by seller."""
        return Response(CheckoutOutput(queries.order_for(pk=pk, buyer=request.user)).data)
