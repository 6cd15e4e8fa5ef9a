"""Reads of how sellers stand, and the limits of newcomers."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.conf import settings

from apps.accounts.models import User
from apps.accounts.standing.formula import level_of
from apps.accounts.standing.models import SellerStanding


@dataclass(frozen=True)
class NewcomerLimits:
    """What a member may do until the first sales are done; `left` is how many sales are still to come."""

    left: int
    sales: int
    open_minor: int
    listings_a_day: int


def standing_of(member_id: uuid.UUID) -> SellerStanding | None:
    """A member's standing; None for who has sold nothing yet."""
    return SellerStanding.objects.filter(member=member_id).first()


def in_words(score: int | None, sales: int) -> str:
    """A seller's standing in a word or two: new until the first sales are done."""
    if score is None or sales < settings.NEW_SELLER_SALES:
        return "new seller"
    return f"{level_of(score).lower()} standing"


def newcomer_limits(member: User) -> NewcomerLimits | None:
    """The limits that hold for this member now; None once they are lifted."""
    known = standing_of(member.pk)
    done = known.sales if known else 0
    if done >= settings.NEW_SELLER_SALES:
        return None
    return NewcomerLimits(
        left=settings.NEW_SELLER_SALES - done,
        sales=settings.NEW_SELLER_SALES,
        open_minor=settings.NEW_SELLER_OPEN_LIMIT_MINOR,
        listings_a_day=settings.NEW_SELLER_LISTINGS_A_DAY,
    )
