"""The front page, which joins rooms that do not know each other."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What it does in one line, a drop zone that works at once, movers of the day, fresh listings."""
    return render(request, "home.html", {})
