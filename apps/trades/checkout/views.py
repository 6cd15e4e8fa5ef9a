"""Web pages of checkout: one confirmation for all sellers, what became of it, and the way from payment to payment."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.actions import save_address
from apps.core.errors import DomainError
from apps.core.forms import tell
from apps.core.ids import uuid7
from apps.escrow.cards.choosing import cards_of, chosen
from apps.escrow.models import Payment
from apps.listings.cart.context import COUNT
from apps.listings.cart.queries import Contents, contents, count
from apps.listings.cart.views import cart_of
from apps.listings.shipping import choose_country, country_of
from apps.trades.checkout import actions, queries
from apps.trades.checkout.forms import OrderForm
from apps.trades.checkout.models import Order


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def check_out(request: HttpRequest) -> HttpResponse:
    """Address and all parcels on one page; sending it reserves the copies and leads from payment to payment."""
    mine, address = cart_of(request), request.user.addresses.filter(is_default=True).first()
    country = address.country if address and request.method != "POST" else country_of(request)
    if request.method == "POST":
        form = OrderForm(request.POST, instance=address)
        if form.is_valid():
            sent_again = Order.objects.filter(buyer=request.user, request_key=form.cleaned_data["request_key"])
            if form.address["country"] == request.POST.get("country_shown") or sent_again.exists():
                return _ordered(request, form, has_address=address is not None)
            country = form.address["country"]
            form.add_error("country", "The totals are now for this country. Look at them and confirm again.")
    shown = contents(mine, country=country)
    if request.method != "POST":
        if not shown.is_ready:
            messages.info(request, "Look through your cart first.")
            return redirect("cart")
        form = OrderForm(instance=address, initial={"request_key": str(uuid7()), "country": country})
    choose_country(request, country)
    return _page(request, form, shown, country)


def _page(request: HttpRequest, form: OrderForm, shown: Contents, country: str) -> HttpResponse:
    agreed = " ".join(
        f"{parcel.seller.pk}:{parcel.currency}:{parcel.total_minor}"
        for parcel in shown.parcels
        if parcel.total_minor is not None
    )
    cards = cards_of(request.user)
    context = {"form": form, "shown": shown, "country": country, "agreed": agreed, "cards": cards}
    return render(request, "checkout/checkout.html", context, status=422 if form.errors else 200)


def _ordered(request: HttpRequest, form: OrderForm, *, has_address: bool) -> HttpResponse:
    try:
        order = actions.place_order(
            by=request.user, ship_to=form.address, agreed=form.cleaned_data["agreed"],
            request_key=form.cleaned_data["request_key"],
        )  # fmt: skip
    except DomainError as error:
        tell(form, error)
        return _page(request, form, contents(cart_of(request), country=country_of(request)), country_of(request))
    if not has_address:
        save_address(user=request.user, by=request.user, **form.address)
    request.session[COUNT] = count(cart_of(request))
    return _to_payment(request, order)


def _to_payment(request: HttpRequest, order: Order) -> HttpResponse:
    """Start what is to be paid and lead to the first page; where a seller refused, the order's page says so first."""
    here = f"{settings.SITE_URL}{order.get_absolute_url()}"
    onward = f"{settings.SITE_URL}{reverse('order-next', args=[order.pk])}"
    problems = actions.pay(order=order, by=request.user, next_url=onward, back_url=here, **chosen(request))
    for message in dict.fromkeys(problems.values()):
        messages.error(request, f"{message} The copies stay reserved for you until the deadline.")
    found = queries.order_for(pk=order.pk, buyer=request.user)
    if problems or (any(parcel.refusal_code for parcel in found.parcels.all()) and "pay" not in request.POST):
        return redirect(order)
    payment = queries.next_payment(found)
    return redirect(_page_of(payment) or order.get_absolute_url())


def _page_of(payment: Payment | None) -> str:
    """The processor's page or the bank's question; empty where there is neither."""
    if payment is None:
        return ""
    return payment.next_action_url if payment.state == Payment.State.ACTION else payment.checkout_url


@never_cache
@login_required
@require_safe
def order(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """What became of an order, seller by seller."""
    found = queries.order_for(pk=pk, buyer=request.user)
    return render(
        request,
        "checkout/order.html",
        {"order": found, "unpaid": queries.unpaid(found), "cards": cards_of(request.user)},
    )


@never_cache
@login_required
@require_safe
def onward(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """From a payment's page to the next one, at the end to the order."""
    found = queries.order_for(pk=pk, buyer=request.user)
    payment = queries.next_payment(found)
    return redirect(_page_of(payment) or found.get_absolute_url())


@login_required
@require_POST
def pay(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Go on to what is not paid yet."""
    return _to_payment(request, queries.order_for(pk=pk, buyer=request.user))
