"""Web pages of watching."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from apps.core.errors import Conflict
from apps.core.pagination import numbered
from apps.listings.queries import listing_for
from apps.listings.watching import actions, queries

PAGE_SIZE = 50


@login_required
@require_safe
def watching(request: HttpRequest) -> HttpResponse:
    """What the member watches, with the price then and now."""
    limit, offset = numbered(request, size=PAGE_SIZE)
    page = queries.watched(owner=request.user, limit=limit, offset=offset)
    return render(request, "listings/watching.html", {"page": page})


@login_required
@require_POST
def watch(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Watch a listing, or no longer."""
    try:
        if request.POST.get("watch") == "no":
            actions.unwatch(listing_id=pk, by=request.user)
            messages.success(request, "You are told no more of this listing.")
        else:
            actions.watch(listing=listing_for(pk=pk, reader=request.user), by=request.user)
            messages.success(request, "You are told when it is cheaper, and when it is sold.")
    except Conflict as error:
        messages.error(request, error.message)
    here = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(here, allowed_hosts=None)
    return redirect(here if is_ours else reverse("listing", args=[pk]))
