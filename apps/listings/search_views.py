"""Web pages of search over what is for sale, and of the searches that a member keeps."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from apps.core.errors import DomainError
from apps.listings.search import saved
from apps.listings.search.asking import SORTS, wanted_from
from apps.listings.search.results import Results, search_listings
from apps.listings.shipping import country_of


def _groups(results: Results) -> list[dict[str, object]]:
    """Facets as the filter form wants them; the first three stand open, and those in use."""
    chosen = results.wanted.facets
    return [
        {"name": each.name, "label": each.label, "options": each.choices, "open": number < 3 or each.name in chosen}
        for number, each in enumerate(results.counts.facets)
    ]


@require_safe
def market(request: HttpRequest) -> HttpResponse:
    """What is for sale, for words and facets, with totals delivered to the reader's country."""
    wanted = wanted_from(request.GET, country=country_of(request))
    results = search_listings(wanted)
    shown = results.wanted
    here = reverse("market")
    context = {
        "q": wanted.text,
        "results": results,
        "groups": _groups(results),
        "sorts": [(name, label) for name, label in SORTS.items() if name != "relevance" or results.meaning.is_ranked],
        "sort": shown.sort,
        "hidden": [("q", wanted.text), ("sort", shown.sort)] if wanted.text else [("sort", shown.sort)],
        "price_min": request.GET.get("price_min", "")[:20],
        "price_max": request.GET.get("price_max", "")[:20],
        "clear_url": f"{here}?{wanted.without_facets().query()}" if wanted.is_narrowed else "",
        "next_url": f"{here}?{shown.query(cursor=results.next_cursor)}" if results.next_cursor else "",
        "first_url": f"{here}?{shown.query()}" if shown.after else "",
        "catalogue_url": f"{reverse('search')}?{urlencode({'q': wanted.text})}" if wanted.text else reverse("search"),
        "question": wanted.query(),
        "can_save": bool(wanted.text or wanted.is_narrowed) and results.meaning.is_known,
        "country": wanted.country,
    }
    return render(request, "listings/market.html", context)


@login_required
@require_safe
def searches(request: HttpRequest) -> HttpResponse:
    """The member's saved searches."""
    return render(request, "listings/searches.html", {"searches": saved.searches_of(owner=request.user)})


@login_required
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Keep the search that the form holds."""
    question = QueryDict(request.POST.get("question", "")[:2000])
    wanted = wanted_from(question, country=country_of(request))
    try:
        saved.save_search(by=request.user, wanted=wanted, name=request.POST.get("name", ""))
    except DomainError as error:
        messages.error(request, error.message)
        return redirect(f"{reverse('market')}?{wanted.query()}")
    messages.success(request, "The search is kept. You are told under Alerts when something new is listed for it.")
    return redirect("searches")


@login_required
@require_POST
def set_on(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Be told, or not for now."""
    on = request.POST.get("on") == "yes"
    saved.set_search_on(search=saved.own_search(owner=request.user, pk=pk), on=on, by=request.user)
    return redirect("searches")


@login_required
@require_POST
def delete(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Forget a search."""
    saved.delete_search(search=saved.own_search(owner=request.user, pk=pk), by=request.user)
    messages.success(request, "The search is forgotten.")
    return redirect("searches")
