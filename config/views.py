"""The front page, which joins rooms that do not know each other."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.listings import queries as listings
from apps.trades import queries as trades
from apps.valuations import queries as valuations


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What it does in one line, a drop zone that works at once, movers of the day, fresh listings."""
    context = {"movers": valuations.movers(limit=8), "fresh": listings.fresh(limit=12)}
    if request.user.is_authenticated:
        context["to_do"] = trades.to_do(member=request.user)
    return render(request, "home.html", context)
