"""Web pages of bargaining: offers made and received, one negotiation with its steps, the form, the seller's terms."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.conditions import state_key
from apps.core.errors import Conflict, DomainError, NotFound
from apps.core.forms import tell
from apps.core.pagination import numbered
from apps.listings import queries as listings
from apps.listings.models import Listing
from apps.listings.offers import actions, queries
from apps.listings.offers.forms import OfferForm, TermsForm
from apps.listings.offers.models import Offer, OfferState
from apps.valuations import queries as valuations

PAGE_SIZE = 30


def panel_of(listing: Listing, reader: object | None) -> dict[str, object]:
    """What the listing's page shows of bargaining: the form or the live offer for a buyer, the terms for the seller."""
    terms = queries.terms_of(listing)
    if reader is not None and reader.pk == listing.seller_id:
        form = TermsForm(initial={"is_open": terms.is_open, "least_percent": terms.least_percent})
        return {"terms_form": form}
    live = None if reader is None else queries.live_offer(listing=listing, buyer=reader)
    return {"takes_offers": terms.is_open, "live_offer": live, "offer_form": OfferForm(most=max(listing.quantity, 1))}


@login_required
@require_safe
def offers(request: HttpRequest) -> HttpResponse:
    """Offers made or received, first what waits for the member; or those that ended."""
    counts = queries.waiting(member=request.user)
    side = request.GET.get("side", "")
    if side not in {"made", "received"}:
        side = "received" if counts["received"] or not counts["made"] else "made"
    ended = request.GET.get("show") == "ended"
    limit, offset = numbered(request, size=PAGE_SIZE)
    if ended:
        page = queries.offers_of(member=request.user, side=side, ended=True, limit=limit, offset=offset)
    else:
        page = queries.urgent_first(member=request.user, side=side, limit=limit, offset=offset)
    rows = [(offer, queries.next_step(offer, request.user)) for offer in page.rows]
    context = {"page": page, "rows": rows, "side": side, "ended": ended, "counts": counts}
    return render(request, "offers/offers.html", context)


@login_required
@require_safe
def offer(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One negotiation: what was said, where it stands, what the reader can do and by when."""
    return _shown(request, queries.offer_for(pk=pk, reader=request.user))


def _shown(request: HttpRequest, found: Offer, *, form: OfferForm | None = None) -> HttpResponse:
    """The page, or its part for a request that swaps it; always at where the negotiation stands."""
    said = queries.negotiation(found)
    last = said[-1]
    if last.pk != found.pk:
        found = queries.offer_for(pk=last.pk, reader=request.user)
    item = found.listing.item
    initial = {"quantity": found.quantity}
    most = max(found.listing.quantity, 1)
    context = {
        "offer": found,
        "said": said,
        "next": queries.next_step(found, request.user),
        "is_buyer": request.user.pk == found.buyer_id,
        "is_seller": request.user.pk == found.seller_id,
        "form": form or OfferForm(initial=initial, most=most),
        "fair": valuations.price_block(item.variant_id, state_key(item.condition, item.grade_company, item.grade)),
    }
    template = "offers/partials/negotiation.html" if request.htmx else "offers/offer.html"
    return render(request, template, context, status=422 if form is not None and not request.htmx else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def make(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Offer a price for copies of a listing."""
    found = listings.listing_for(pk=pk, reader=request.user)
    form = OfferForm(request.POST or None, most=max(found.quantity, 1))
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.make_offer(listing=found, by=request.user, **form.cleaned_data)
        except NotFound:
            raise
        except DomainError as error:
            tell(form, error)
        else:
            _tell_of(request, made)
            return redirect(made)
    item = found.item
    context = {
        "listing": found,
        "form": form,
        "takes_offers": queries.terms_of(found).is_open,
        "is_mine": request.user.pk == found.seller_id,
        "live_offer": queries.live_offer(listing=found, buyer=request.user),
        "price": valuations.price_block(item.variant_id, state_key(item.condition, item.grade_company, item.grade)),
    }
    return render(request, "offers/make.html", context, status=422 if form.errors else 200)


def _tell_of(request: HttpRequest, made: Offer) -> None:
    if made.state == OfferState.DECLINED:
        messages.warning(request, "The seller considers no offer this low, so it was declined at once.")
    else:
        messages.success(request, f"{made.seller if made.author_id == made.buyer_id else made.buyer} has your offer.")


def _stepped(request: HttpRequest, pk: uuid.UUID, act: Callable[..., Offer], done: str) -> HttpResponse:
    """Do a step and show where it led; where it is no longer possible the page says so and shows what is."""
    found = queries.offer_for(pk=pk, reader=request.user)
    try:
        act(offer=found, by=request.user)
    except NotFound:
        raise
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, done)
    return _shown(request, queries.offer_for(pk=pk, reader=request.user)) if request.htmx else redirect(found)


@login_required
@require_POST
def accept(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Agree to the price."""
    return _stepped(request, pk, actions.accept, "Agreed. The copies are reserved for the buyer until the deadline.")


@login_required
@require_POST
def decline(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Say no."""
    return _stepped(request, pk, actions.decline, "Declined.")


@login_required
@require_POST
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take it back."""
    return _stepped(request, pk, actions.withdraw, "Withdrawn.")


@login_required
@require_POST
def counter(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Answer with another price."""
    found = queries.offer_for(pk=pk, reader=request.user)
    form = OfferForm(request.POST, most=max(found.listing.quantity, 1))
    if form.is_valid():
        try:
            made = actions.counter(offer=found, by=request.user, **form.cleaned_data)
        except Conflict as error:
            messages.error(request, error.message)
            return _shown(request, found) if request.htmx else redirect(found)
        except NotFound:
            raise
        except DomainError as error:
            tell(form, error)
        else:
            _tell_of(request, made)
            if request.htmx:
                return _shown(request, queries.offer_for(pk=made.pk, reader=request.user))
            return redirect(made)
    return _shown(request, found, form=form)


@login_required
@require_POST
def terms(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The seller says which offers a listing takes."""
    found = listings.own_listing(seller=request.user, pk=pk)
    form = TermsForm(request.POST)
    if form.is_valid():
        actions.set_terms(listing=found, by=request.user, **form.cleaned_data)
        messages.success(request, "Saved. Offers that are open stay open.")
    else:
        messages.error(request, "The least share is a whole number from 1 to 99.")
    return redirect(found)
