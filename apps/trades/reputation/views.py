"""Pages of reputation: how a seller's standing is worked out, and the answer to a review."""

import uuid

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.standing import formula
from apps.core.errors import Conflict, InvalidInput
from apps.trades.models import Review
from apps.trades.reputation import reviews

EXAMPLE = formula.Record(sales=30, paid=31, good=30, shipped=31, quick=28, reviews=24, stars=113)


@require_safe
def standing(request: HttpRequest) -> HttpResponse:
    """The formula with its constants and a worked example, and the limits of newcomers."""
    context = {
        "formula": formula,
        "example": EXAMPLE,
        "worked": formula.standing_of(EXAMPLE),
        "usual": formula.standing_of(formula.Record()),
        "stars_mean": EXAMPLE.stars / EXAMPLE.reviews,
        "new_sales": settings.NEW_SELLER_SALES,
        "new_open_minor": settings.NEW_SELLER_OPEN_LIMIT_MINOR,
        "new_listings": settings.NEW_SELLER_LISTINGS_A_DAY,
    }
    return render(request, "trades/standing.html", context)


@login_required
@require_POST
def answer(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Answer a review of oneself."""
    found = get_object_or_404(Review, pk=pk, subject=request.user)
    try:
        reviews.answer(review=found, by=request.user, text=request.POST.get("answer", ""))
    except (Conflict, InvalidInput) as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Your answer shows below the review.")
    return redirect("member", pk=request.user.pk)
