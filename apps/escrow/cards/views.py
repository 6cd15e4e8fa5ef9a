"""The member's cards: look at them, add one on the processor's page, choose the default, remove one."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.core.errors import Conflict
from apps.escrow.cards import actions
from apps.escrow.cards.choosing import cards_of
from apps.escrow.gateway import GatewayError


@never_cache
@login_required
@require_safe
def cards(request: HttpRequest) -> HttpResponse:
    """The kept cards; back from the processor's page with the new one."""
    if "added" in request.GET:
        try:
            actions.refresh_cards(user=request.user)
        except GatewayError:
            messages.warning(request, _("The payment processor does not answer just now. Load this page again soon."))
    return render(request, "escrow/cards.html", {"cards": cards_of(request.user)})


@login_required
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """To the processor's page."""
    here = request.build_absolute_uri(reverse("payment-cards"))
    try:
        return redirect(actions.start_adding(user=request.user, success_url=f"{here}?added=1", cancel_url=here))
    except (Conflict, GatewayError) as error:
        messages.error(request, error.message)
    return redirect("payment-cards")


@login_required
@require_POST
def default(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Offer this one first."""
    actions.make_default(card=actions.own_card(pk=pk, by=request.user), by=request.user)
    return redirect("payment-cards")


@login_required
@require_POST
def remove(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Forget this one."""
    card = actions.own_card(pk=pk, by=request.user)
    try:
        actions.remove_card(card=card, by=request.user)
    except GatewayError:
        messages.error(request, _("The payment processor does not answer just now. The card is still kept: try again."))
    else:
        messages.success(request, _("%(card)s is forgotten.") % {"card": card})
    return redirect("payment-cards")
