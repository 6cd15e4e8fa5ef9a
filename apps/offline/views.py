"""The manifest, the service worker, the pages that it keeps, and what a member's own browser may keep of theirs."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_safe

from apps.core import images
from apps.inventory import queries
from apps.offline.manifest import manifest
from apps.offline.shell import PAGES, worker_script

MOST_ITEMS = 1000


@require_safe
@cache_control(public=True, max_age=3600)
def web_manifest(request: HttpRequest) -> HttpResponse:
    """What makes the site an app that can be installed."""
    return JsonResponse(manifest(), content_type="application/manifest+json")


@require_safe
@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """The service worker, at the root so that the whole site is in its scope; browsers ask anew each time."""
    answer = HttpResponse(worker_script(), content_type="text/javascript; charset=utf-8")
    answer["Service-Worker-Allowed"] = "/"
    return answer


@require_safe
@cache_control(no_cache=True)
def page(request: HttpRequest, name: str) -> HttpResponse:
    """One of the pages that the worker shows without network: nothing of the reader's, whoever asks."""
    return HttpResponse(render_to_string(PAGES[name]))


@never_cache
@login_required
@require_safe
def signed_in(request: HttpRequest) -> HttpResponse:
    """Who is signed in here, and the token that a form needs: asked by the worker before it sends what has waited."""
    return JsonResponse({"member": str(request.user.pk), "token": get_token(request)})


@never_cache
@login_required
@require_safe
def inventory(request: HttpRequest) -> HttpResponse:
    """The newest items with their prices as a table to keep, at most MOST_ITEMS of them, and the pictures in it."""
    found = queries.items_page(owner=request.user, limit=MOST_ITEMS)
    now = timezone.now()
    context = {
        "page": found,
        "totals": queries.totals(owner=request.user),
        "stale_before": now - queries.STALE_AFTER,
        "most": MOST_ITEMS,
    }
    pictures = dict.fromkeys(images.url(each.image_name, images.SIZES[0]) for each in found.rows if each.image_name)
    kept = {
        "member": str(request.user.pk),
        "at": now.isoformat(),
        "html": render(request, "offline/partials/items.html", context).content.decode(),
        "pictures": list(pictures),
    }
    return JsonResponse(kept)
