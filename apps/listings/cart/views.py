"""Web pages of the cart: what is in it, the two plans side by side, applying one and undoing it."""

from __future__ import annotations

import secrets
import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.errors import DomainError
from apps.core.forms import tell
from apps.core.ids import uuid7
from apps.listings.cart import actions, plans, queries, wanted
from apps.listings.cart.context import COUNT
from apps.listings.cart.forms import PicksForm, QuantityForm, WantedForm
from apps.listings.cart.market import Want
from apps.listings.cart.models import Cart
from apps.listings.shipping import country_of

TOKEN = "cart_token"  # noqa: S105 - the session's key, not a secret


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
    context = {"cart": mine, "shown": shown, "country": country, "request_key": uuid7()}
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
    here = [parcel for parcel in shown.parcels if parcel.currency == currency]
    kept = [row.listing.pk for parcel in shown.parcels if parcel.currency != currency for row in parcel.rows]
    context = {
        "now_minor": sum(parcel.total_minor or 0 for parcel in here),
        "now_parcels": len(here),
        "kept": kept,
    }
    return _plans(request, plans.wants_of(shown, currency), country, currency, context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """The best offers for wanted cards, pasted or of a list of wants: both plans, to be put into the cart."""
    reader, country = request.user if request.user.is_authenticated else None, country_of(request)
    typed = (request.POST, request.FILES) if request.method == "POST" else ()
    currency = reader.currency if reader is not None else "USD"
    form = WantedForm(*typed, reader=reader, currency=currency, initial={"wanted": request.GET.get("list")})
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        chosen = told.pop("wanted", None)
        try:
            asked = wanted.wanted_on(chosen, currency=currency) if chosen else wanted.wanted_in(**told)
        except DomainError as error:
            tell(form, error)
        else:
            shown = queries.contents(cart_of(request), country=country)
            kept = [row.listing.pk for parcel in shown.parcels for row in parcel.rows]
            return _plans(request, asked.wants, country, currency, {"asked": asked, "kept": kept})
    context = {"form": form, "country": country, "currency": currency}
    return render(request, "cart/wanted.html", context, status=422 if form.errors else 200)


def _plans(
    request: HttpRequest, wants: list[Want], country: str, currency: str, context: dict[str, object]
) -> HttpResponse:
    """Both plans side by side; `now_minor`, what they are held against, is card by card unless the context has it."""
    buyer = request.user if request.user.is_authenticated else None
    found = plans.plans_for(wants, country=country, currency=currency, buyer=buyer)
    now_minor = context.setdefault("now_minor", found.baseline_minor)
    now_parcels = context.get("now_parcels")
    asked = context.get("asked")
    context |= {
        "country": country,
        "currency": currency,
        "missing": wanted.missing_lines(found.lowest.missing, asked.said) if asked else [],
        "plans": [
            (
                title,
                plan,
                f"{plan.gap:.1%}",
                now_minor - plan.total_minor,
                0 if now_parcels is None else now_parcels - plan.parcels,
                plans.picked(plan, found),
                plans.by_seller(plan, found),
            )
            for title, plan in (("Lowest total", found.lowest), ("Fewest parcels", found.fewest))
        ],
    }
    return render(request, "cart/plans.html", context)


@require_POST
def apply(request: HttpRequest) -> HttpResponse:
    """Take a plan; it makes a cart where there is none."""
    mine, form = cart_of(request), PicksForm(request.POST)
    if not form.is_valid():
        messages.error(request, "That plan cannot be used any more. Compare again.")
        return redirect("cart")
    picks = form.cleaned_data["picks"]
    try:
        if mine is not None:
            actions.apply_plan(cart=mine, picks=picks, keep=form.cleaned_data["kept"])
        elif request.user.is_authenticated:
            actions.take_plan(by=request.user, picks=picks)
        else:
            token = request.session.setdefault(TOKEN, secrets.token_hex(20))
            actions.take_plan(by=None, visitor_token=token, picks=picks)
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
