"""Web pages of selling many: list, reprice with preview and undo, vacation."""

from __future__ import annotations

import uuid
from collections.abc import Callable

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
from apps.listings.selling import rules as kept_rules
from apps.listings.selling.forms import RuleForm, ids_given, offers_typed, suggested
from apps.listings.selling.pricing import PriceRule

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
                waits = " We look at them before buyers see them." if listed.made[0].checked_since else ""
                messages.success(request, f"{len(listed.made)} listed.{waits}")
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
    """A rule for chosen listings, or for all open ones; sending it keeps it, or leads to old and new prices side by side."""
    given = request.POST if request.method == "POST" else request.GET
    chosen = ids_given(given)
    kept = kept_rules.rules_of(seller=request.user)
    used = next((each for each in kept if str(each.pk) == given.get("rule")), None)
    initial = {**used.rule, "name": used.name} if used else None
    form = RuleForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            if request.POST.get("do") == "keep":
                kept_rules.keep_rule(by=request.user, name=form.cleaned_data["name"], rule=form.rule())
                messages.success(request, "The rule is kept.")
                return redirect("repricing-rules")
            made = prices.propose(
                by=request.user, rule=form.rule(), listing_ids=chosen if given.getlist("listing") else None
            )
            return redirect("repricing", made.pk)
        except DomainError as error:
            tell(form, error)
    recent = request.user.repricings.filter(applied_at__isnull=False).order_by("-created_at")[:10]
    context = {"form": form, "recent": recent, "kept": kept, "chosen": chosen}
    return render(request, "listings/reprice.html", context, status=422 if form.errors else 200)


@login_required
@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """The seller's kept rules, in words."""
    kept = [(each, kept_rules.rule_of(each).in_words()) for each in kept_rules.rules_of(seller=request.user)]
    return render(request, "listings/repricing_rules.html", {"rules": kept})


@login_required
@require_POST
def forget(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Forget a kept rule."""
    kept_rules.forget_rule(rule=kept_rules.own_rule(seller=request.user, pk=pk), by=request.user)
    messages.success(request, "The rule is forgotten. Prices stay as they are.")
    return redirect("repricing-rules")


@login_required
@require_safe
def repricing(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Old and new prices; apply, or take back."""
    found = prices.own_repricing(seller=request.user, pk=pk)
    limit, offset = numbered(request, size=LINES_SHOWN)
    lines = prices.lines_of(found, limit=limit, offset=offset)
    page = Page(lines, found.lines.count(), limit, offset)
    context = {"repricing": found, "page": page, "rule": PriceRule(**found.rule).in_words()}
    return render(request, "listings/repricing.html", context)


@login_required
@require_POST
def apply(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Put the new prices on."""
    return _repriced(request, pk, prices.apply, "changed. You can take that back here.")


@login_required
@require_POST
def undo(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Put the old prices back."""
    return _repriced(request, pk, prices.undo, "put back.")


def _repriced(request: HttpRequest, pk: uuid.UUID, step: Callable[..., int], done: str) -> HttpResponse:
    found = prices.own_repricing(seller=request.user, pk=pk)
    try:
        count = step(repricing=found, by=request.user)
        messages.success(request, f"{count} price{'' if count == 1 else 's'} {done}")
    except Conflict as error:
        messages.error(request, error.message)
    return redirect("repricing", found.pk)
