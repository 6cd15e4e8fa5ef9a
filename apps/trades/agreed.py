"""Checkout at an agreed price: where bargaining (a listing's) becomes a purchase (a trade)."""

import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.actions import save_address
from apps.core.errors import DomainError, NotYours
from apps.core.forms import tell
from apps.listings.offers import queries as offers
from apps.listings.offers.models import Offer, OfferState
from apps.listings.shipping import shipping_minor
from apps.trades import actions, queries
from apps.trades.api import AddressInput, TradeOutput
from apps.trades.forms import CheckoutForm
from apps.trades.models import Trade
from apps.trades.views import to_payment


class AgreedForm(CheckoutForm):
    """Where the parcel goes; what is bought, and for how much, stands fast."""

    quantity = None
    request_key = None


def _trade_of(offer: Offer) -> Trade | None:
    """The trade that the offer became."""
    return Trade.objects.filter(buyer=offer.buyer_id, request_key=f"offer:{offer.pk}").first()


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Address, shipping and total at the agreed price. For an offer that was bought: its trade, for both sides."""
    offer = offers.offer_for(pk=pk, reader=request.user)
    trade = _trade_of(offer) if offer.state == OfferState.BOUGHT else None
    if trade is not None:
        return to_payment(request, trade) if request.method == "POST" else redirect(trade)
    if offer.buyer_id != request.user.pk or offer.state != OfferState.AGREED:
        return redirect(offer)  # its page says where it stands
    address = request.user.addresses.filter(is_default=True).first()
    form = AgreedForm(request.POST or None, instance=address)
    if request.method == "POST" and form.is_valid():
        try:
            trade = actions.buy_agreed(offer=offer, ship_to=form.address, by=request.user)
        except DomainError as error:
            tell(form, error)
        else:
            if address is None:
                save_address(user=request.user, by=request.user, **form.address)
            return to_payment(request, trade)
    country = address.country if address else request.user.country
    shipping = shipping_minor(offer.listing, country, quantity=offer.quantity)
    context = {
        "offer": offer,
        "form": form,
        "shipping_minor": shipping,
        "total_minor": None if shipping is None else offer.total_minor + shipping,
    }
    return render(request, "offers/checkout.html", context, status=422 if form.errors else 200)


class AgreedInput(serializers.Serializer):
    """Where the parcel goes."""

    ship_to = AddressInput()


class Checkout(APIView):
    """Check out at an agreed price."""

    required_scopes = {"POST": "trades:write"}

    @extend_schema(tags=["offers"], request=AgreedInput, responses={201: TradeOutput})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """The trade at the agreed price; asked again it is the same one."""
        offer = offers.offer_for(pk=pk, reader=request.user)
        if offer.buyer_id != request.user.pk:
            raise NotYours("The price was agreed with somebody else.")
        wanted = AgreedInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        trade = actions.buy_agreed(offer=offer, by=request.user, ship_to=wanted.validated_data["ship_to"])
        shown = TradeOutput(queries.room(pk=trade.pk, reader=request.user), context={"request": request})
        return Response(shown.data, status=status.HTTP_201_CREATED)


urlpatterns = [path("offers/<uuid:pk>/checkout/", checkout, name="offer-checkout")]
api_urlpatterns = [path("offers/<uuid:pk>/checkout", Checkout.as_view(), name="api-offer-checkout")]
