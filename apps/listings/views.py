"""Web pages of selling; the card page and the set page, where catalogue, prices, offers and one's own copies meet."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.standing.queries import newcomer_limits
from apps.catalog import queries as catalog
from apps.catalog.views import release_context
from apps.core.conditions import Condition, state_key
from apps.core.errors import Conflict, DomainError
from apps.core.forms import tell
from apps.core.money import Money
from apps.core.pagination import numbered
from apps.inventory import queries as inventory
from apps.inventory.completion import completion_of
from apps.inventory.forms import PhotoForm
from apps.listings import actions, queries, seen
from apps.listings.forms import ListingForm
from apps.listings.models import OPEN_STATES, Listing
from apps.listings.offers.views import panel_of
from apps.listings.photos import why_photo
from apps.listings.position import positions
from apps.listings.selling.vacation import is_away
from apps.listings.shipping import country_of, default_shipping
from apps.listings.watching import queries as watching
from apps.valuations import queries as valuations

OPEN = OPEN_STATES
PAGE_SIZE = 50
ENDED = (Listing.State.SOLD_OUT, Listing.State.WITHDRAWN)


@require_safe
def card(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One printing: picture, finishes and languages, fair value, chart, offers by delivered total, recent sales."""
    detail = catalog.product_detail(pk)
    variant = detail.variant(request.GET.get("variant", ""))
    condition = request.GET.get("condition", "")
    condition = condition if condition in Condition.values else Condition.NM
    context = {
        "detail": detail,
        "product": detail.product,
        "variant": variant,
        "condition": condition,
        "conditions": Condition.choices,
        **valuations.card_context(
            variant, condition, period=request.GET.get("period", "1y"), source=request.GET.get("source", "")
        ),
    }
    if request.htmx and request.htmx.target == "prices":
        return render(request, "valuations/partials/prices.html", context)
    context["country"] = country_of(request)
    context["offers"] = queries.offers_for(product_id=pk, country=context["country"])
    return render(request, "catalog/card.html", context)


@require_safe
def release(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One set: its cards in order with facets, what it is worth, and how much of it the member has."""
    context = release_context(request, pk)
    worth = valuations.set_worths([pk]).get(pk, valuations.SetWorth())
    context["worth"] = worth
    if request.user.is_authenticated:
        context["completion"] = completion_of(owner=request.user, release_id=pk, currency=worth.currency)
    return render(request, "catalog/release.html", context)


@require_safe
def listing(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One offer: the seller's own photos, condition, delivered total, the seller's standing."""
    reader = request.user if request.user.is_authenticated else None
    country = country_of(request)
    found = queries.listing_for(pk=pk, reader=reader, country=country)
    is_mine = reader is not None and reader.pk == found.seller_id
    if not is_mine and request.method == "GET":
        seen.saw(listing_id=found.pk, visitor=seen.visitor_of(request))
    item = found.item
    watchers, is_watched = watching.standing(listing_id=found.pk, reader=reader)
    context = {
        "listing": found,
        "photos": found.item.photos.all(),
        "shipping_minor": found.shipping_minor,
        "delivered_minor": None if found.shipping_minor is None else found.price_minor + found.shipping_minor,
        "country": country,
        "is_mine": is_mine,
        "watchers": watchers,
        "is_watched": is_watched,
        "price": valuations.price_block(item.variant_id, state_key(item.condition, item.grade_company, item.grade)),
        **panel_of(found, reader),
    }
    return render(request, "listings/listing.html", context)


@login_required
@require_safe
def sell(request: HttpRequest) -> HttpResponse:
    """The seller's listings with views and position against the market, and what could be listed next."""
    shown = request.GET.get("show", "open")
    limit, offset = numbered(request, size=PAGE_SIZE)
    states = ENDED if shown == "ended" else OPEN
    rows = queries.of_seller(seller=request.user, states=states, limit=limit, offset=offset)
    places = positions(listing_ids=[row.pk for row in rows.rows], country=request.user.country)
    context = {
        "page": rows,
        "rows": [(row, places.get(row.pk)) for row in rows.rows],
        "shown": shown,
        "counts": queries.counts(seller=request.user),
        "is_away": is_away(seller=request.user),
        "unlisted": queries.unlisted_items(owner=request.user, limit=12),
        "newcomer": newcomer_limits(request.user),
    }
    return render(request, "listings/sell.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def list_item(request: HttpRequest, item: uuid.UUID) -> HttpResponse:
    """Offer copies of an item: price beside its fair value, fees in a worked example before listing."""
    found = inventory.item_for(owner=request.user, pk=item)
    default = default_shipping(seller=request.user)
    suggested = None if found.unit_value is None else Money.from_decimal(found.unit_value).amount_minor
    initial = {"price_minor": suggested, "quantity": found.available, "shipping": default}
    form = ListingForm(request.POST or None, seller=request.user, most=max(found.available, 1), initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.list_item(item=found, by=request.user, **form.cleaned_data)
        except DomainError as error:
            tell(form, error)
        else:
            if made.checked_since:
                messages.info(request, f"{found.variant.product.name} is listed. We look at it before buyers see it.")
            else:
                messages.success(request, f"{found.variant.product.name} is for sale.")
            return redirect(made)
    newcomer = newcomer_limits(request.user)
    context = {
        "item": found,
        "form": form,
        "newcomer": newcomer,
        "photos": found.photos.all(),
        "photo_form": PhotoForm(),
        "why_photo": why_photo(is_graded=found.grade is not None, price_minor=suggested or 0),
    }
    return render(request, "listings/list_item.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Change price, copies, shipping or description of an open listing."""
    found = queries.own_listing(seller=request.user, pk=pk)
    if found.state not in OPEN:
        messages.info(request, "This listing has ended; it cannot be changed any more.")
        return redirect(found)
    names = ("price_minor", "quantity", "shipping", "description")
    form = ListingForm(
        request.POST or None,
        seller=found.seller,
        most=max(found.item.available, 1),
        initial={name: getattr(found, name) for name in names},
    )
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_listing(listing=found, by=request.user, **form.cleaned_data)
        except DomainError as error:
            tell(form, error)
        else:
            messages.success(request, "The listing is changed.")
            return redirect(found)
    return render(request, "listings/change.html", {"listing": found, "form": form}, status=422 if form.errors else 200)


@login_required
@require_POST
def set_paused(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Hide the listing, or show it again."""
    found = queries.own_listing(seller=request.user, pk=pk)
    paused = request.POST.get("paused") == "yes"
    try:
        actions.set_paused(listing=found, paused=paused, by=request.user)
    except Conflict as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Buyers no longer see the listing." if paused else "Buyers see the listing again.")
    return redirect("sell")


@login_required
@require_POST
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take the listing back."""
    try:
        actions.withdraw(listing=queries.own_listing(seller=request.user, pk=pk), by=request.user)
    except Conflict as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "The listing is withdrawn; the copies stay in your inventory.")
    return redirect("sell")
