"""Sellers' records out of trades and visible reviews, in sets: three grouped reads and one write for any number of sellers."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection

from django.db import transaction
from django.db.models import Count, DurationField, ExpressionWrapper, F, Q, Sum
from django.utils import timezone

from apps.accounts.models import SellerStanding
from apps.accounts.standing.formula import QUICK_HOURS, Record, standing_of
from apps.escrow.models import HoldState
from apps.trades.models import Review, Trade
from apps.trades.reputation.reviews import is_visible
from apps.trades.swaps.models import Side
from apps.trades.swaps.states import SwapState

_KEPT = ("sales", "paid", "good", "shipped", "quick", "reviews", "stars")
_SET = 1000
_PAID_ENDS = (HoldState.RELEASED, HoldState.SPLIT, HoldState.REFUNDED)


def records_of(members: Collection[uuid.UUID], *, now: dt.datetime) -> dict[uuid.UUID, Record]:
    """What these members did as sellers, and of swaps what they kept and how soon they sent; three queries.

    A swap is good where it was completed, and bad for who never sent. It is no sale: volume is of sales
    alone; reviews of sellers and of who swapped count alike.
    """
    quick = dt.timedelta(hours=QUICK_HOURS)
    took = ExpressionWrapper(F("hold__shipped_at") - F("hold__funded_at"), output_field=DurationField())
    sold = (
        Trade.objects.filter(seller__in=members)
        .annotate(took=took)
        .values("seller")
        .annotate(
            sales=Count("pk", filter=Q(state=Trade.State.COMPLETED)),
            paid=Count("pk", filter=Q(hold__state__in=_PAID_ENDS, hold__funded_at__isnull=False)),
            good=Count("pk", filter=Q(hold__state=HoldState.RELEASED, hold__funded_at__isnull=False)),
            shipped=Count("pk", filter=Q(hold__shipped_at__isnull=False)),
            quick=Count("pk", filter=Q(hold__shipped_at__isnull=False, took__lte=quick)),
        )
    )
    swap_took = ExpressionWrapper(F("shipped_at") - F("swap__funded_at"), output_field=DurationField())
    never_sent = Q(swap__state=SwapState.BROKEN, shipped_at__isnull=True)
    swapped = (
        Side.objects.filter(member__in=members, swap__funded_at__isnull=False)
        .annotate(took=swap_took)
        .values("member")
        .annotate(
            paid=Count("pk", filter=Q(swap__state=SwapState.COMPLETED) | never_sent),
            good=Count("pk", filter=Q(swap__state=SwapState.COMPLETED)),
            shipped=Count("pk", filter=Q(shipped_at__isnull=False)),
            quick=Count("pk", filter=Q(shipped_at__isnull=False, took__lte=quick)),
        )
    )
    told = (
        Review.objects.filter(is_visible(now), subject__in=members)
        .filter(Q(subject=F("trade__seller")) | Q(swap__isnull=False))
        .values("subject")
        .annotate(reviews=Count("pk"), stars=Sum("rating"))
    )
    figures: dict[uuid.UUID, dict[str, int]] = {member: {} for member in members}
    for row in sold:
        figures[row.pop("seller")] |= row
    for row in swapped:
        mine = figures[row.pop("member")]
        mine.update({name: mine.get(name, 0) + count for name, count in row.items()})
    for row in told:
        figures[row.pop("subject")] |= row
    return {member: Record(**found) for member, found in figures.items()}


@transaction.atomic
def refigure(members: Collection[uuid.UUID]) -> int:
    """Work out the standing of these sellers anew; how many. Safe to repeat."""
    now = timezone.now()
    rows = [
        SellerStanding(
            member_id=member,
            score=standing_of(record).score,
            figured_at=now,
            **{name: getattr(record, name) for name in _KEPT},
        )
        for member, record in sorted(records_of(members, now=now).items())
    ]
    SellerStanding.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["member"],
        update_fields=[*_KEPT, "score", "figured_at"],
    )
    return len(rows)


def refigure_all() -> int:
    """Everybody's standing who sold or swapped anew, in sets by id; how many. Begun again it does the same."""
    last, figured = uuid.UUID(int=0), 0
    while found := _next_members(last):
        figured += refigure(found)
        last = found[-1]
    return figured


def _next_members(last: uuid.UUID) -> list[uuid.UUID]:
    sellers = Trade.objects.filter(seller__gt=last).order_by().values_list("seller", flat=True)
    swappers = (
        Side.objects.filter(member__gt=last, shipped_at__isnull=False).order_by().values_list("member", flat=True)
    )
    return list(sellers.union(swappers).order_by("seller")[:_SET])
