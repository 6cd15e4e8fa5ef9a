"""Web pages of sending: a seller's shipping profiles with their rates, and the country that a reader wants prices for."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.errors import Conflict, DomainError
from apps.core.forms import tell
from apps.listings import shipping
from apps.listings.forms import RateForms, ShippingForm
from apps.listings.models import ShippingProfile

_FIELDS = ("destination", "price_minor", "up_to_grams", "up_to_minor", "days", "is_tracked")


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Show prices delivered to another country."""
    shipping.choose_country(request, request.POST.get("country", ""))
    way = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(way, {request.get_host()}, require_https=request.is_secure())
    return redirect(way if is_ours else "home")


@login_required
@require_safe
def profiles(request: HttpRequest) -> HttpResponse:
    """What the seller charges for parcels."""
    shipping.default_shipping(seller=request.user)
    rows = [(each, [(shipping.in_words(rate), rate) for rate in each.rates.all()])
            for each in shipping.profiles_of(seller=request.user)]  # fmt: skip
    return render(request, "listings/shipping.html", {"profiles": rows})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Another profile."""
    return _edit(request, None)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """What one profile costs, by destination, weight and value."""
    return _edit(request, shipping.own_profile(seller=request.user, pk=pk))


def _edit(request: HttpRequest, found: ShippingProfile | None) -> HttpResponse:
    rows = [{name: getattr(rate, name) for name in _FIELDS} for rate in found.rates.order_by("pk")] if found else []
    form = ShippingForm(request.POST or None, initial={"name": found.name if found else ""})
    rates = RateForms(
        request.POST or None, initial=rows or [{"destination": "HOME", "is_tracked": True}], prefix="rates"
    )
    if request.method == "POST" and form.is_valid() and rates.is_valid():
        told = [rate for each in rates if each.has_changed() or each.initial if (rate := each.rate())]
        try:
            shipping.save_profile(by=request.user, profile=found, rates=told, **form.cleaned_data)
        except DomainError as error:
            tell(form, error)
        else:
            messages.success(request, "Your shipping prices are saved. Open listings use them from now on.")
            return redirect("shipping")
    has_slips = bool(form.errors) or (rates.is_bound and not rates.is_valid())
    context = {"form": form, "rates": rates, "profile": found}
    return render(request, "listings/shipping_profile.html", context, status=422 if has_slips else 200)


@login_required
@require_POST
def remove(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Forget a profile that no listing uses."""
    try:
        shipping.remove_profile(profile=shipping.own_profile(seller=request.user, pk=pk), by=request.user)
    except Conflict as error:
        messages.error(request, error.message)
    return redirect("shipping")
