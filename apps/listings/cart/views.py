"""Web pages of the cart: what is in it, the two plans side by side, applying one and undoing it."""

from __future__ import annotations

import secrets
import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.core.countries import COUNTRIES
from apps.core.errors import DomainError
from apps.core.ids import uuid7
from apps.listings.cart import actions, plans, queries
from apps.listings.cart.forms import PicksForm, QuantityForm
from apps.listings.cart.models import Cart
from apps.listings.shipping import country_of

TOKEN = "cart_token"  # noqa: S105 - the session's key, not a secret
COUNT = "cart_count"


def cart_of(request: HttpRequest) -> Cart | None:
    """The reader's cart; a member takes over what was put in before signing in."""
    token = request.session.get(TOKEN, "")
    owner = request.user if request.user.is_authenticated else None
    found = actions.cart_of(owner=owner, visitor_token=token)
    if owner is not None and token:
        del request.session[TOKEN]
    return found


@never_cache
@require_safe
def cart(request: HttpRequest) -> HttpResponse:
    """A parcel for each seller with shipping, fees and total; what changed; what is kept for later."""
    mine, country = cart_of(request), country_of(request)
    shown = queries.contents(mine, country=country)
    count = sum(len(parcel.rows) for parcel in shown.parcels) + len(shown.gone)
    if request.session.get(COUNT, 0) != count:
        request.session[COUNT] = count
    context = {"cart": mine, "shown": shown, "country": country, "countries": COUNTRIES, "request_key": uuid7()}
    return render(request, "cart/cart.html", context)


@require_POST
def add(request: HttpRequest, listing: uuid.UUID) -> HttpResponse:
    """Put copies of a listing in; with HTMX the form answers in its place."""
    form, error = QuantityForm(request.POST), "That is no number of copies."
    owner = request.user if request.user.is_authenticated else None
    if owner is None:
        request.session.setdefault(TOKEN, secrets.token_hex(20))
    if form.is_valid():
        try:
            mine = cart_of(request) if owner is not None else None
            line = actions.add(
                listing_id=listing, quantity=form.cleaned_data["quantity"] or 1, by=owner,
                visitor_token=request.session.get(TOKEN, ""),
            )  # fmt: skip
        except DomainError as problem:
            error = problem.message
        else:
            request.session[COUNT] = queries.count(mine or line.cart)
            if request.htmx:
                return render(request, "cart/partials/added.html", {"line": line})
            messages.success(request, "It is in your cart.")
            return redirect("cart")
    if request.htmx:
        return render(request, "cart/partials/added.html", {"problem": error}, status=422)
    messages.error(request, error)
    return redirect("listing", listing)


@require_POST
def change(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Another number of copies, keep for later, take back in, or remove: the button's name says which."""
    line = actions.line_of(cart=cart_of(request), pk=pk)
    form = QuantityForm(request.POST)
    try:
        if "remove" in request.POST:
            actions.remove(line=line)
        elif "save" in request.POST or "take" in request.POST:
            actions.change(line=line, is_saved="save" in request.POST)
        elif form.is_valid() and form.cleaned_data["quantity"]:
            actions.change(line=line, quantity=form.cleaned_data["quantity"])
        else:
            messages.error(request, "That is no number of copies.")
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("cart")


@require_POST
def accept(request: HttpRequest) -> HttpResponse:
    """Agree to what changed."""
    mine = cart_of(request)
    if mine is not None:
        actions.accept_changes(cart=mine)
    return redirect("cart")


@require_POST
def compare(request: HttpRequest) -> HttpResponse:
    """The lowest total against the fewest parcels for what is in the cart."""
    country = country_of(request)
    shown = queries.contents(cart_of(request), country=country)
    if not shown.parcels:
        return redirect("cart")
    currency = shown.parcels[0].currency
    buyer = request.user if request.user.is_authenticated else None
    found = plans.plans_for(plans.wants_of(shown, currency), country=country, currency=currency, buyer=buyer)
    here = [parcel for parcel in shown.parcels if parcel.currency == currency]
    now_minor = sum(parcel.total_minor or 0 for parcel in here)
    context = {
        "country": country,
        "now_minor": now_minor,
        "now_parcels": len(here),
        "currency": currency,
        "kept": [row.listing.pk for parcel in shown.parcels if parcel.currency != currency for row in parcel.rows],
        "plans": [
            (
                title,
                plan,
                f"{plan.gap:.1%}",
                now_minor - plan.total_minor,
                len(here) - plan.parcels,
                plans.picked(plan, found),
            )
            for title, plan in (("Lowest total", found.lowest), ("Fewest parcels", found.fewest))
        ],
    }
    return render(request, "cart/plans.html", context)


@require_POST
def apply(request: HttpRequest) -> HttpResponse:
    """Take a plan."""
    mine, form = cart_of(request), PicksForm(request.POST)
    if mine is None or not form.is_valid():
        messages.error(request, "That plan cannot be used any more. Compare again.")
        return redirect("cart")
    try:
        actions.apply_plan(cart=mine, picks=form.cleaned_data["picks"], keep=form.cleaned_data["kept"])
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "The plan is in your cart. You can undo it.")
    return redirect("cart")


@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Back to what was in the cart before the plan."""
    mine = cart_of(request)
    try:
        if mine is not None:
            actions.undo(cart=mine)
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("cart")
