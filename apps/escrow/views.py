"""Web pages of escrow: the processor's messages, the way back from paying, a seller's payouts, the published rules."""

from __future__ import annotations

import uuid

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.escrow import actions, fees, queries
from apps.escrow.actions.sellers import dashboard_address
from apps.escrow.cards.actions import refresh_cards
from apps.escrow.cases import queries as cases
from apps.escrow.forms import PriceForm
from apps.escrow.gateway import GatewayError, InvalidSignature
from apps.escrow.models import Payment, SellerAccount


@csrf_exempt
@require_POST
@never_cache
def webhook(request: HttpRequest) -> HttpResponse:
    """A message of the payment processor: checked, stored, answered at once. Everything else happens in a task."""
    try:
        actions.receive_webhook(payload=request.body, signature=request.headers.get("Stripe-Signature", ""))
    except (InvalidSignature, GatewayError) as error:
        return HttpResponse(error.message, status=error.status, content_type="text/plain")
    return HttpResponse("ok", content_type="text/plain")


@login_required
@require_safe
@never_cache
def pay_return(request: HttpRequest, payment: uuid.UUID) -> HttpResponse:
    """The buyer comes back from the processor's page: ask how it went rather than wait for the message, then go on."""
    paid = queries.payment_of(payment_id=payment, by=request.user)
    try:
        paid = actions.refresh_payment(payment=paid)
        if paid.keeps_card and paid.state == Payment.State.SUCCEEDED:
            refresh_cards(user=request.user)
    except GatewayError:
        messages.warning(request, _("The payment processor does not answer just now. Your payment shows up here soon."))
    else:
        _say_how_it_went(request, paid)
    return _go_on(request, paid.return_url)


def _say_how_it_went(request: HttpRequest, payment: Payment) -> None:
    if payment.state == Payment.State.SUCCEEDED:
        messages.success(request, _("Paid. The money is held until you have your parcel."))
    elif payment.state == Payment.State.RETURNED:
        messages.warning(request, _("This sale was not waiting for the payment any more. The money goes back to you."))
    elif payment.failure_message and payment.state != Payment.State.ACTION:
        messages.error(request, _("Your bank declined: %(reason)s") % {"reason": payment.failure_message})
    elif payment.state == Payment.State.CANCELLED:
        messages.info(request, _("The payment was called off. Nothing was charged."))
    else:
        messages.info(request, _("The payment is not finished yet."))


def _go_on(request: HttpRequest, address: str) -> HttpResponseRedirect:
    """Only to our own pages, whatever address was given when the payment was started."""
    ours = {request.get_host(), settings.SITE_URL.split("://", 1)[-1]}
    if address and url_has_allowed_host_and_scheme(address, allowed_hosts=ours):
        return redirect(address)
    return redirect("home")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def onboarding(request: HttpRequest) -> HttpResponse:
    """A seller's payouts: what is owed, what was sent, what the processor still wants; POST leads to its form."""
    expired = "expired" in request.GET and SellerAccount.objects.filter(user=request.user).exists()
    if request.method == "POST" or expired:
        return _to_the_processor(request)
    return render(request, "escrow/payouts.html", {"payouts": queries.payouts_of(request.user)})


@reauthentication_required
def _to_the_processor(request: HttpRequest) -> HttpResponse:
    """On to the processor's form, where the bank account is told: only for who has shown lately who they are."""
    # The processor sends people back when the address of its form has expired: a new one leads back into it.
    here = request.build_absolute_uri(reverse("onboarding"))
    back = request.build_absolute_uri(reverse("onboarding-return"))
    return redirect(actions.start_onboarding(user=request.user, refresh_url=f"{here}?expired=1", return_url=back))


@login_required
@require_safe
@never_cache
def onboarding_return(request: HttpRequest) -> HttpResponse:
    """The seller comes back from the processor's form, finished or not: only the processor knows."""
    try:
        account = actions.refresh_seller_account(user=request.user)
    except GatewayError:
        messages.warning(request, _("The payment processor does not answer just now. This page shows the news soon."))
    else:
        if account.transfers_active:
            messages.success(request, _("Your payout account is ready. Waiting payouts are on their way."))
        else:
            messages.info(request, _("The payment processor is not finished with your payout account yet."))
    return redirect("onboarding")


@login_required
@require_POST
@reauthentication_required
def payout_dashboard(request: HttpRequest) -> HttpResponse:
    """On to the seller's own pages at the processor."""
    return redirect(dashboard_address(user=request.user))


@require_safe
def fee_page(request: HttpRequest) -> HttpResponse:
    """What it costs, worked through; for a price of the reader's own where one is given."""
    form = PriceForm(request.GET if "price_minor" in request.GET else None, initial={"price_minor": 2500})
    asked = form.cleaned_data["price_minor"] if form.is_bound and form.is_valid() else None
    basis_points, fixed_minor = queries.fee_schedule()
    context = {
        "form": form,
        "percent": f"{basis_points / 100:g}",
        "fixed_minor": fixed_minor,
        "example": fees.worked_example(2500 if asked is None else asked),
        "examples": [fees.worked_example(items) for items in (100, 500, 2500, 10_000, 50_000)],
    }
    return render(request, "escrow/partials/fee_example.html" if request.htmx else "escrow/fees.html", context)


@require_safe
def protection(request: HttpRequest) -> HttpResponse:
    """How payments are held, what both sides can rely on, and every deadline."""
    context = {"rules": queries.rules(), "times": queries.case_times(), "figures": cases.figures()}
    return render(request, "escrow/protection.html", context)
