"""Web pages of market data: how fair value is worked out, on an example that can be checked by hand."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.core.conditions import Condition
from apps.valuations import evidence, example
from apps.valuations.fair_value import HALF_LIVES, half_life
from apps.valuations.fair_value.parameters import ASKS, QUOTES, SALES
from apps.valuations.models import Source


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
