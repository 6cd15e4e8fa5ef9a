"""The published page of purchase protection's figures."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.escrow.protection import queries


@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """What was held, released, given back and lost, by month and currency."""
    return render(request, "escrow/protection_figures.html", {"months": queries.published()})
