"""Web pages of selling many: list, reprice with preview and undo, vacation."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.errors import Conflict, DomainError
from apps.core.forms import tell
from apps.core.pagination import Page, numbered
from apps.listings import queries
from apps.listings.selling import bulk, vacation
from apps.listings.selling import repricing as prices
from apps.listings.selling.forms import RuleForm, offers_typed, suggested

LINES_SHOWN = 100


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def many(request: HttpRequest) -> HttpResponse:
    """Items that are not for sale, each with a suggested price: choose, correct, list all at once."""
    items = queries.unlisted_items(owner=request.user, limit=bulk.MOST_ITEMS)
    refused: dict[uuid.UUID, str] = {}
    if request.method == "POST":
        offers, refused = offers_typed(request.POST)
        try:
            listed = bulk.list_many(by=request.user, offers=offers) if offers else None
        except DomainError as error:
            messages.error(request, error.message)
        else:
            refused |= listed.refused if listed else {}
            if listed and listed.made:
                messages.success(request, f"{len(listed.made)} listed.")
            if listed is None and not refused:
                messages.error(request, "Choose at least one item.")
            if not refused:
                return redirect("sell" if listed else "sell-many")
            items = queries.unlisted_items(owner=request.user, limit=bulk.MOST_ITEMS)
    rows = [suggested(item, request.POST, refused.get(item.pk, "")) for item in items]
    context = {"rows": rows, "refused": len(refused)}
    return render(request, "listings/many.html", context, status=422 if refused else 200)


@login_required
@require_POST
def away(request: HttpRequest) -> HttpResponse:
    """Go on vacation, or come back."""
    goes = request.POST.get("away") == "yes"
    count = vacation.set_away(away=goes, by=request.user)
    said = "taken off the market until you are back" if goes else "for sale again"
    messages.success(request, f"{count} listing{'' if count == 1 else 's'} {said}.")
    return redirect("sell")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def reprice(request: HttpRequest) -> HttpResponse:
    """A rule for all open listings; sending it leads to old and new prices side by side."""
    form = RuleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("repricing", prices.propose(by=request.user, rule=form.rule()).pk)
        except DomainError as error:
            tell(form, error)
    recent = request.user.repricings.filter(applied_at__isnull=False).order_by("-created_at")[:10]
    return render(
        request, "listings/reprice.html", {"form": form, "recent": recent}, status=422 if form.errors else 200
    )


@login_required
@require_safe
def repricing(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Old and new prices; apply, or take back."""
    found = prices.own_repricing(seller=request.user, pk=pk)
    limit, offset = numbered(request, size=LINES_SHOWN)
    lines = prices.lines_of(found, limit=limit, offset=offset)
    page = Page(lines, found.lines.count(), limit, offset)
    return render(request, "listings/repricing.html", {"repricing": found, "page": page})


@login_required
@require_POST
def apply(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Put the new prices on."""
    found = prices.own_repricing(seller=request.user, pk=pk)
    try:
        count = prices.apply(repricing=found, by=request.user)
        messages.success(request, f"{count} price{'' if count == 1 else 's'} changed. You can take that back here.")
    except Conflict as error:
        messages.error(request, error.message)
    return redirect("repricing", found.pk)


@login_required
@require_POST
def undo(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Put the old prices back."""
    found = prices.own_repricing(seller=request.user, pk=pk)
    try:
        count = prices.undo(repricing=found, by=request.user)
        messages.success(request, f"{count} price{'' if count == 1 else 's'} put back.")
    except Conflict as error:
        messages.error(request, error.message)
    return redirect("repricing", found.pk)
