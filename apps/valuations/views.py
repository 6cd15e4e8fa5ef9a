"""Web pages of market data: what moved, and how fair value is worked out, on an example that can be checked by hand."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.catalog import queries as catalog
from apps.core.conditions import Condition
from apps.valuations import evidence, example
from apps.valuations.api import kept
from apps.valuations.fair_value import HALF_LIVES, half_life
from apps.valuations.fair_value.parameters import ASKS, QUOTES, SALES
from apps.valuations.models import Source

MOST_MOVERS = 50
SIDES = {"both": "Up and down", "gainers": "Up", "losers": "Down", "active": "Most traded"}
SPANS = {"24h": "a day", "7d": "a week", "30d": "30 days"}


@require_safe
def movers(request: HttpRequest) -> HttpResponse:
    """Cards whose market price moved most: of a game or of all, up, down or either, over a day, a week or a month."""
    games = catalog.games()
    asked = {name: request.GET.get(name, "") for name in ("game", "side", "period")}
    known = {game.path for game in games}
    game = asked["game"] if asked["game"] in known else ""
    side = asked["side"] if asked["side"] in SIDES else "both"
    period = asked["period"] if asked["period"] in SPANS else "7d"
    context = {
        "rows": kept.movers(limit=MOST_MOVERS, period=period, side=side, game=game),
        "games": [("", "All"), *((each.path, each.name) for each in games)],
        "game": game,
        "sides": SIDES.items(),
        "side": side,
        "spans": SPANS.items(),
        "period": period,
        "span": SPANS[period],
    }
    return render(request, "valuations/movers.html", context)


@require_safe
def method(request: HttpRequest) -> HttpResponse:
    """How fair value is worked out."""
    sources = list(Source.objects.order_by("-reliability", "name"))
    quotes = [(source.name, QUOTES[source.slug]) for source in sources if source.slug in QUOTES]
    context = {
        "example": example.worked(),
        "sources": sources,
        "card_days": f"{half_life('trading-cards'):.0f}",
        "characters": [("Sales", SALES), *quotes, ("Quotes of other sources", QUOTES[""]), ("Asking prices", ASKS)],
        "ratios": list(zip(Condition.choices, evidence.ratios() * 100, strict=False)),
        "half_lives": [(path or "everything else", f"{days:.0f}") for path, days in sorted(HALF_LIVES.items()) if path],
        "half_life_else": f"{HALF_LIVES['']:.0f}",
    }
    return render(request, "valuations/method.html", context)
