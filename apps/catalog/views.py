"""Web pages of the catalogue: search with its suggestions, sets. A card's and a set's page stand with the offers."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from apps.catalog import queries
from apps.catalog.forms import SearchForm
from apps.catalog.search import results
from apps.catalog.search.facets import FacetValue
from apps.catalog.search.results import SearchResult
from apps.catalog.search.sorting import SORTS
from apps.core import answers


def _groups(result: SearchResult, *, without: str = "") -> list[dict[str, object]]:
    """Facets as the filter form wants them; the first two stand open."""
    return [
        {"name": facet.name, "label": facet.label, "options": facet.values, "open": number < 2 or _chosen(facet.values)}
        for number, facet in enumerate(facet for facet in result.facets if facet.name != without)
    ]


def _chosen(values: tuple[FacetValue, ...]) -> bool:
    return any(value.selected for value in values)


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Results of a text and facets."""
    form = SearchForm(request.GET)
    wanted = form.wanted()
    result = results.search_products(**wanted.filters, text=wanted.text, sort=wanted.sort, **wanted.slice)
    context = {
        "q": wanted.text,
        "result": result,
        "page": result.page,
        "groups": _groups(result),
        "sorts": [(name, sort.label) for name, sort in SORTS.items()],
        "sort": wanted.sort,
        "hidden": [("q", wanted.text), ("sort", wanted.sort)],
        "clear_url": form.clear_url(reverse("search")),
    }
    return render(request, "catalog/search.html", context)


@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """What half-typed text may mean: the list under the search box."""
    text = request.GET.get("q", "")[:120].strip()
    key = answers.key_of("search", "suggestions", answers.hashed(text.lower()))
    rows = answers.kept(key, lambda: results.suggest(text)).value
    return render(request, "catalog/partials/suggestions.html", {"q": text, "rows": rows})


@require_safe
def releases(request: HttpRequest) -> HttpResponse:
    """All sets, newest first, of one game or of all."""
    form = SearchForm(request.GET)
    game = request.GET.get("game", "")[:120]
    page = queries.releases(category=game, text=form.wanted().text, limit=60, offset=(form.page - 1) * 60)
    context = {"page": page, "game": game, "games": queries.games(), "q": form.wanted().text}
    return render(request, "catalog/releases.html", context)


def release_context(request: HttpRequest, pk: uuid.UUID) -> dict[str, Any]:
    """What the page of one set shows of the catalogue: its cards in order, with facets."""
    found = queries.release_detail(pk)
    form = SearchForm(request.GET)
    wanted = form.wanted(sort="number")
    wanted.filters.update(release=[], category=[])
    result = results.search_products(
        **wanted.filters, within=found.pk, text=wanted.text, sort=wanted.sort, **wanted.slice
    )
    return {
        "release": found,
        "q": wanted.text,
        "result": result,
        "page": result.page,
        "groups": [group for group in _groups(result, without="game") if group["name"] != "set"],
        "sorts": [(name, sort.label) for name, sort in SORTS.items() if name not in ("relevance", "newest")],
        "sort": wanted.sort,
        "hidden": [("q", wanted.text), ("sort", wanted.sort)],
        "clear_url": form.clear_url(request.path),
    }
