"""Purchases, messages, reviews and reports as notifications."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence

from django.urls import reverse

from apps.accounts.models import User
from apps.core.money import Money
from apps.listings.events import ListingSoldOut
from apps.listings.models import Listing
from apps.notifications.sources.registry import source
from apps.notifications.telling import Told
from apps.trades.events import MessageSent, ReviewRevealed, TradeCreated
from apps.trades.models import Message, Report, Review, Trade
from apps.trades.reports.events import ReportDecided
from apps.trades.reports.models import ReportState


def names_of(members: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    """What others call these members."""
    return {user.pk: str(user) for user in User.objects.filter(pk__in=members).only("id", "display_name")}


@source(TradeCreated)
def bought(events: Sequence[TradeCreated]) -> Iterator[Told]:
    """Both learn that copies are promised."""
    found = Trade.objects.select_related("buyer", "seller", "hold").in_bulk([event.trade_id for event in events])
    for trade in found.values():
        told = {
            "trade_id": str(trade.pk), "goods": trade.hold.description, "buyer": str(trade.buyer),
            "seller": str(trade.seller), "total": str(Money(trade.total_minor, trade.currency)), "due_at": trade.hold.due_at,
        }  # fmt: skip
        place = (f"trade:{trade.pk}", f"trade:{trade.pk}", trade.get_absolute_url(), told)
        yield Told("sale.made", trade.seller_id, *place)
        yield Told("purchase.made", trade.buyer_id, *place)


@source(MessageSent)
def written(events: Sequence[MessageSent]) -> Iterator[Told]:
    """The other of the two learns of a message."""
    found = Message.objects.select_related("author", "trade__hold").in_bulk([event.message_id for event in events])
    for message in found.values():
        trade = message.trade
        if message.author_id is None:
            continue
        other = trade.seller_id if message.author_id == trade.buyer_id else trade.buyer_id
        told = {
            "trade_id": str(trade.pk), "author": str(message.author), "goods": trade.hold.description,
            "message": message.body[:300],
        }  # fmt: skip
        yield Told("trade.message", other, f"message:{message.pk}", f"trade:{trade.pk}", trade.get_absolute_url(), told)


@source(ReviewRevealed)
def reviewed(events: Sequence[ReviewRevealed]) -> Iterator[Told]:
    """Who was reviewed learns of it."""
    found = Review.objects.select_related("author", "trade__hold", "swap").in_bulk(
        [event.review_id for event in events]
    )
    for review in found.values():
        of, group = (review.trade, "trade") if review.trade else (review.swap, "swap")
        goods = review.trade.hold.description if review.trade else f"Swap with {review.author}"
        told = {
            "review_id": str(review.pk), "author": str(review.author), "goods": goods, "stars": review.rating,
            "text": review.body[:300],
        }  # fmt: skip
        url = of.get_absolute_url()
        yield Told("review.revealed", review.subject_id, f"review:{review.pk}", f"{group}:{of.pk}", url, told)


@source(ReportDecided)
def judged(events: Sequence[ReportDecided]) -> Iterator[Told]:
    """Who reported learns of the decision; who was reported of what was upheld, and how an appeal ended."""
    found = Report.objects.in_bulk([event.report_id for event in events])
    for event in events:
        report = found[event.report_id]
        cause, url = f"report:{report.pk}:{event.state}", reverse("reports")
        first = event.state in (ReportState.UPHELD, ReportState.DISMISSED)
        told = {
            "report_id": str(report.pk), "title": report.title, "state": event.state,
            "upheld": event.state in (ReportState.UPHELD, ReportState.CONFIRMED),
            "decision": report.decision if first else report.appeal_decision,
        }  # fmt: skip
        if first:
            yield Told("report.decided", report.reporter_id, cause, f"report:{report.pk}", url, told)
        if event.state == ReportState.UPHELD:
            yield Told("report.upheld", report.subject_id, cause, f"report:{report.pk}", url, told)
        elif not first:
            yield Told("report.appeal", report.subject_id, cause, f"report:{report.pk}", url, told)


@source(ListingSoldOut)
def sold_out(events: Sequence[ListingSoldOut]) -> Iterator[Told]:
    """The seller learns that nothing is left."""
    found = Listing.objects.select_related("item__variant__product").in_bulk([event.listing_id for event in events])
    for event in events:
        listing = found.get(event.listing_id)
        if listing is not None:
            told = {"listing_id": str(listing.pk), "card": listing.item.variant.product.name}
            url = reverse("listing", args=[listing.pk])
            cause = f"listing:{listing.pk}"
            yield Told("listing.sold_out", listing.seller_id, cause, "listings", url, told)
