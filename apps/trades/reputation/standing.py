"""Sellers' records out of trades and visible reviews, in sets: two grouped reads and one write for any number of sellers."""

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

_KEPT = ("sales", "paid", "good", "shipped", "quick", "reviews", "stars")
_SET = 1000
_PAID_ENDS = (HoldState.RELEASED, HoldState.SPLIT, HoldState.REFUNDED)


def records_of(members: Collection[uuid.UUID], *, now: dt.datetime) -> dict[uuid.UUID, Record]:
    """What these members did as sellers; two queries."""
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
    told = (
        Review.objects.filter(is_visible(now), subject__in=members, subject=F("trade__seller"))
        .values("subject")
        .annotate(reviews=Count("pk"), stars=Sum("rating"))
    )
    figures: dict[uuid.UUID, dict[str, int]] = {member: {} for member in members}
    for row in sold:
        figures[row.pop("seller")] |= row
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
    """Every seller's standing anew, in sets by id; how many. Begun again it does the same."""
    last, figured = uuid.UUID(int=0), 0
    while found := list(
        Trade.objects.filter(seller__gt=last).order_by("seller").values_list("seller", flat=True).distinct()[:_SET]
    ):
        figured += refigure(found)
        last = found[-1]
    return figured
