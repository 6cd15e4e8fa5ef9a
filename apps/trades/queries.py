"""Reads of trades: the lists, the room with all that it shows, who acts next and by when."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.core.errors import NotFound
from apps.core.pagination import Page, Place, newest_first
from apps.escrow import states
from apps.escrow.actions.moves import STOPPED_WHILE_CHECKED
from apps.escrow.actions.receivables import PAID_OUT, REFUNDABLE_FOR
from apps.escrow.cases.models import ACTIVE, UNRULED, CaseState
from apps.escrow.models import Dispute, HoldState
from apps.escrow.states import Actor, HoldEvent
from apps.listings.queries import picture_of
from apps.trades.models import ASPECTS, Message, Review, Trade, TradeLine
from apps.trades.reputation.reviews import aspects_of, is_time, is_visible


@dataclass(frozen=True)
class NextStep:
    """Who acts next, what they do, by when, and what happens when they do not."""

    who: str
    what: str
    due_at: dt.datetime | None
    otherwise: str


def _lines() -> Prefetch:
    rows = TradeLine.objects.select_related("item__variant__product__release")
    return Prefetch("lines", rows.annotate(image_name=picture_of("item__variant__product")))


# What tells the next step and where the parcel is.
_MORE = ("shipments", Prefetch("hold__disputes", Dispute.objects.order_by("-created_at").prefetch_related("parcels")))


def of_member(
    *, member: User, side: str = "", limit: int = 30, offset: int = 0, after: Place | None = None
) -> Page[Trade]:
    """A member's trades, newest first; `side` is "buying", "selling" or empty for both."""
    mine = {
        "buying": Q(buyer=member),
        "selling": Q(seller=member),
    }.get(side, Q(buyer=member) | Q(seller=member))
    rows = Trade.objects.filter(mine).select_related("hold", "buyer", "seller").prefetch_related(_lines(), *_MORE)
    return newest_first(rows, limit=limit, offset=offset, after=after)


def to_do(*, member: User) -> int:
    """How many open trades wait for this member."""
    return (
        Trade.objects.filter(state=Trade.State.OPEN)
        .filter(
            Q(buyer=member, hold__state__in=[HoldState.CREATED, HoldState.SHIPPED, HoldState.DELIVERED])
            | Q(seller=member, hold__state=HoldState.FUNDED)
        )
        .count()
    )


def room(*, pk: uuid.UUID, reader: User) -> Trade:
    """A trade with all that its room shows. Others get NotFound; moderators may look."""
    trade = (
        Trade.objects.select_related("hold", "buyer", "seller")
        .prefetch_related(
            _lines(),
            *_MORE,
            Prefetch("messages", Message.objects.select_related("author")),
            "hold__disputes__evidence__by",
            "hold__payments",
        )
        .filter(pk=pk)
        .first()
    )
    if trade is None or not (reader.pk in {trade.buyer_id, trade.seller_id} or reader.is_moderator):
        raise NotFound("This trade is not one of yours.")
    return trade


def next_step(trade: Trade) -> NextStep:
    """Who acts next in an open trade, in words; `who` is buyer, seller, moderator or nobody."""
    hold = trade.hold
    table = {
        HoldState.CREATED: ("buyer", "pay", "the trade is cancelled and the copies go back on sale"),
        HoldState.FUNDED: (
            "seller",
            "ship the parcel",
            "the buyer may cancel, and later the money goes back by itself",
        ),
        HoldState.SHIPPED: ("buyer", "say that the parcel has arrived", "the parcel can be reported as lost"),
        HoldState.DELIVERED: ("buyer", "check the cards and release the money", "the money is released to the seller"),
        HoldState.DISPUTED: ("moderator", "settle the case", "the case is escalated"),
    }
    if trade.state != Trade.State.OPEN or hold is None or hold.state not in table:
        return NextStep("nobody", "", None, "")
    if hold.checked_since is not None and hold.state == HoldState.FUNDED:
        return NextStep("moderator", "look at this order", None, "")
    who, what, otherwise = table[HoldState(hold.state)]
    if hold.state == HoldState.DISPUTED:
        dispute = next((d for d in hold.disputes.all() if d.state in ACTIVE), None)
        return _case_step(trade, dispute) if dispute is not None else NextStep(who, what, hold.due_at, otherwise)
    return NextStep(who, what, hold.due_at, otherwise)


def _case_step(trade: Trade, dispute: Dispute) -> NextStep:
    """Who moves next in the trade's case."""
    who = {trade.buyer_id: "buyer", trade.seller_id: "seller"}.get(dispute.turn_id, "moderator")
    state = CaseState(dispute.state)
    if state == CaseState.OPEN:
        return NextStep("seller", "answer", dispute.answer_due_at, "a moderator decides without the answer")
    if state == CaseState.ANSWERED:
        return NextStep(
            who, "settle the case, or answer the offer", dispute.turn_due_at, "the other may ask a moderator"
        )
    if state == CaseState.RULED:
        return NextStep("nobody", "accept the decision or appeal", dispute.due_at, "the decision is carried out")
    if state == CaseState.RETURNING:
        is_sender = any(
            parcel.sender_id == dispute.turn_id and not parcel.closed_at for parcel in dispute.parcels.all()
        )
        what = "send the parcel" if is_sender else "say that the parcel has arrived"
        return NextStep(
            who, what, dispute.due_at, "the case goes on without it" if is_sender else "it counts as received"
        )
    return NextStep("moderator", "settle the case", trade.hold.due_at, "the case is escalated")


def steps(trade: Trade) -> list[dict[str, object]]:
    """The trade's progress for components/stepper.html."""
    hold = trade.hold
    done = [
        ("Ordered", trade.created_at),
        ("Paid and held", hold.funded_at),
        ("Shipped", hold.shipped_at),
        ("Delivered", hold.delivered_at),
    ]
    shown = [{"label": label, "at": at, "state": "done" if at else "ahead"} for label, at in done]
    last = {
        HoldState.RELEASED: ("Released to the seller", "done"),
        HoldState.SPLIT: ("Split between both", "done"),
        HoldState.REFUNDED: ("Refunded to the buyer", "problem"),
        HoldState.CANCELLED: ("Cancelled", "problem"),
        HoldState.DISPUTED: ("In dispute", "problem"),
    }.get(HoldState(hold.state), ("Released to the seller", "ahead"))
    closed_early = hold.state in {HoldState.REFUNDED, HoldState.CANCELLED}
    if closed_early:
        shown = [step for step in shown if step["state"] == "done"]
    else:
        current = next((step for step in shown if step["state"] == "ahead"), None)
        if current and hold.state != HoldState.DISPUTED and trade.state == Trade.State.OPEN:
            current["state"] = "current"
    final = {"label": last[0], "state": last[1], "at": hold.closed_at}
    if hold.state == HoldState.DELIVERED:
        final["state"] = "current"
    return [*shown, final]


def may(trade: Trade, reader: User, now: dt.datetime | None = None) -> dict[str, bool]:
    """Which buttons the room offers this reader, by escrow's own table. The actions check again."""
    now = now or timezone.now()
    hold, is_open = trade.hold, trade.state == Trade.State.OPEN
    actor = {trade.buyer_id: Actor.PAYER, trade.seller_id: Actor.PAYEE}.get(reader.pk)

    def can(event: HoldEvent) -> bool:
        step = states.step(hold.state, event)
        stopped = hold.checked_since is not None and event in STOPPED_WHILE_CHECKED
        return is_open and actor is not None and step is not None and actor in step.actors and not stopped

    late = hold.funded_at is not None and now >= hold.funded_at + settings.TRADE_DEADLINES["ship"]
    too_early = hold.state == HoldState.FUNDED and actor == Actor.PAYER and not late
    return {
        "pay": is_open and actor == Actor.PAYER and hold.state == HoldState.CREATED,
        "ship": can(HoldEvent.SHIP),
        "receive": can(HoldEvent.DELIVER),
        "release": can(HoldEvent.RELEASE),
        "cancel": can(HoldEvent.CANCEL) and not too_early,
        "refund": can(HoldEvent.REFUND) and hold.state != HoldState.FUNDED,
        "give_back": actor == Actor.PAYEE and hold.state in PAID_OUT and now <= hold.closed_at + REFUNDABLE_FOR,
        "dispute": can(HoldEvent.DISPUTE),
        "withdraw": can(HoldEvent.WITHDRAW) and any(case.state in UNRULED for case in hold.disputes.all()),
        "review": trade.state == Trade.State.COMPLETED and actor is not None and is_time(trade.closed_at, now=now),
        "say": actor is not None,
    }


def visible_reviews(*, subject: User) -> QuerySet[Review]:
    """Reviews of a member: both are in, or 14 days have passed since the trade closed."""
    return (
        Review.objects.filter(is_visible(timezone.now()), subject=subject)
        .select_related("author")
        .order_by("-created_at")
    )


def standing(*, member: User) -> dict[str, object]:
    """A member's completed trades and visible ratings; `aspects`: (aspect, mean of the stars, how many gave any)."""
    counted = Trade.objects.filter(state=Trade.State.COMPLETED).aggregate(
        sales=Count("pk", filter=Q(seller=member)), purchases=Count("pk", filter=Q(buyer=member))
    )
    given = list(visible_reviews(subject=member).values("rating", *ASPECTS))
    ratings = [each["rating"] for each in given]
    average = sum(ratings) / len(ratings) if ratings else None
    return {**counted, "reviews": len(ratings), "rating": average, "aspects": aspects_of(given)}
