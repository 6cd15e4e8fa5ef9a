"""Which card a buyer chose on one of our pages, and the cards that such a page offers."""

from __future__ import annotations

from typing import TypedDict
from uuid import UUID

from django.http import HttpRequest

from apps.accounts.models import User
from apps.core.errors import NotFound
from apps.escrow.cards.actions import own_card
from apps.escrow.cards.models import SavedCard


class Choice(TypedDict):
    """What a payment is started with."""

    payment_method: str | None
    keep_card: bool


def cards_of(user: User) -> list[SavedCard]:
    """The member's cards, the default first."""
    return list(SavedCard.objects.filter(user=user, removed_at__isnull=True).order_by("-is_default", "-created_at"))


def choice_of(*, card_id: UUID | str | None, keep_card: bool, by: User) -> Choice:
    """Pay with a kept card, or on the processor's page and maybe keep the card. Raises NotFound (not one of theirs)."""
    if not card_id:
        return {"payment_method": None, "keep_card": keep_card}
    try:
        pk = card_id if isinstance(card_id, UUID) else UUID(card_id)
    except ValueError:
        raise NotFound("This card is not one of yours.") from None
    return {"payment_method": own_card(pk=pk, by=by).stripe_id, "keep_card": False}


def chosen(request: HttpRequest) -> Choice:
    """What was chosen on a page with escrow/partials/cards.html."""
    keeps = bool(request.POST.get("keep_card"))
    return choice_of(card_id=request.POST.get("card"), keep_card=keeps, by=request.user)
