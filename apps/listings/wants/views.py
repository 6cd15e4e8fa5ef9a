"""Web pages of wants and haves: the lists, a list with its repairs, matches, and what one would trade away."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.errors import Conflict, DomainError
from apps.core.forms import tell
from apps.core.pagination import numbered
from apps.inventory import queries as inventory
from apps.listings.wants import actions, queries
from apps.listings.wants.forms import LinesForm, ListForm, WantForm
from apps.listings.wants.models import Want


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def lists(request: HttpRequest) -> HttpResponse:
    """The member's lists, and a form to begin one."""
    form = ListForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(actions.make_list(by=request.user, **form.cleaned_data))
        except DomainError as error:
            tell(form, error)
    limit, offset = numbered(request, size=30)
    context = {
        "form": form,
        "lists": queries.lists_of(owner=request.user),
        "page": queries.matches_page(owner=request.user, limit=limit, offset=offset),
    }
    return render(request, "listings/wants/lists.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def want_list(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """A list: its lines, what is unclear, and a form to add; others see a public one."""
    reader = request.user if request.user.is_authenticated else None
    found = queries.list_for(pk=pk, reader=reader)
    is_mine = reader is not None and found.owner_id == reader.pk
    told = (request.POST, request.FILES) if request.method == "POST" else ()
    form = LinesForm(*told, currency=found.owner.currency) if is_mine else None
    if request.method == "POST":
        found = queries.own_list(pk=pk, owner=request.user)
        if form.is_valid():
            try:
                made = actions.add_lines(wanted=found, by=request.user, **form.cleaned_data)
            except DomainError as error:
                tell(form, error)
            else:
                _tell_outcome(request, made)
                return redirect(found)
    limit, offset = numbered(request, size=100)
    context = {
        "list": found,
        "is_mine": is_mine,
        "form": form,
        "page": queries.wants_page(wanted=found, reader=reader, limit=limit, offset=offset),
        "matches": queries.matches_page(owner=request.user, wanted=found, limit=20) if is_mine else None,
    }
    return render(request, "listings/wants/list.html", context, status=422 if form and form.errors else 200)


def _tell_outcome(request: HttpRequest, made: list[Want]) -> None:
    unclear = sum(want.state in (Want.State.UNCLEAR, Want.State.UNKNOWN) for want in made)
    messages.success(request, f"{len(made) - unclear} of {len(made)} lines are looked for.")
    if unclear:
        messages.warning(request, f"{unclear} need a look: they stand first, each with its reason.")


@login_required
@require_POST
def change_list(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the list to others or not, or remove it."""
    found = queries.own_list(pk=pk, owner=request.user)
    if request.POST.get("do") == "delete":
        actions.delete_list(wanted=found, by=request.user)
        messages.success(request, "The list is removed.")
        return redirect("wants")
    actions.set_public(wanted=found, is_public=request.POST.get("do") == "publish", by=request.user)
    return redirect(found)


@login_required
@require_POST
def change_want(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Pick the cards of a line, change it, or take it off."""
    want = queries.want_for(pk=pk, owner=request.user)
    try:
        if request.POST.get("do") == "remove":
            actions.remove_want(want=want, by=request.user)
        elif request.POST.get("do") == "pick":
            actions.pick_cards(want=want, products=_ids(request.POST.getlist("card")), by=request.user)
        elif request.POST.get("do") in ("tell", "be_quiet"):
            actions.set_told(want=want, is_told=request.POST["do"] == "tell", by=request.user)
        else:
            form = WantForm(request.POST, currency=want.currency)
            if form.is_valid():
                actions.change_want(want=want, by=request.user, **form.cleaned_data)
            else:
                messages.error(request, "Enter how many copies, and an amount or none.")
    except (Conflict, DomainError) as error:
        messages.error(request, error.message)
    return redirect(want.list)


def _ids(texts: list[str]) -> list[uuid.UUID]:
    found = []
    for text in texts[:100]:
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue
    return found


@login_required
@require_safe
def haves(request: HttpRequest) -> HttpResponse:
    """What the member would trade away, and what else could be."""
    text = request.GET.get("q", "")[:80]
    context = {
        "haves": queries.haves_of(owner=request.user)[:200],
        "items": queries.could_have(owner=request.user, text=text),
        "q": text,
    }
    return render(request, "listings/wants/haves.html", context)


@login_required
@require_POST
def mark(request: HttpRequest, item: uuid.UUID) -> HttpResponse:
    """Mark an item as one that may be traded for, or no longer."""
    found = inventory.item_for(owner=request.user, pk=item)
    actions.set_have(item=found, for_trade=request.POST.get("for_trade") == "yes", by=request.user)
    return redirect("haves")
