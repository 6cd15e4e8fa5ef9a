"""The front page, which joins rooms that do not know each other; the icon; stored files where no server stands before us."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_safe
from django.views.static import serve

from apps.listings import queries as listings
from apps.trades import queries as trades
from apps.valuations.api import kept


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What it does in one line, a drop zone that works at once, movers of the day, fresh listings."""
    context = {"movers": kept.movers(limit=8, period="7d", side="both"), "fresh": listings.fresh(limit=12)}
    if request.user.is_authenticated:
        context["to_do"] = trades.to_do(member=request.user)
    return render(request, "home.html", context)


@require_safe
def icon(request: HttpRequest) -> HttpResponse:
    """The place that browsers ask for the icon where a page names none."""
    return redirect(static("img/icon.svg"), permanent=True)


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """A stored file; only where SERVE_MEDIA is on (development, tests)."""
    return serve(request, path, document_root=settings.MEDIA_ROOT)
