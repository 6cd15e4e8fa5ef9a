"""Reads of offers: those a member made or received, one negotiation, what comes next and by when, what waits."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db.models import Case, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog.models import ProductImage
from apps.core.errors import NotFound
from apps.core.pagination import Page, Place, newest_first
from apps.listings.models import Listing
from apps.listings.offers.models import LIVE, Offer, OfferState, OfferTerms, Why
from apps.valuations.models import CurrentPrice


@dataclass(frozen=True)
class OfferStep:
    """What comes next. who: buyer, seller or nobody; may: the events that the reader can set off."""

    who: str
    what: str
    due_at: dt.datetime | None
    otherwise: str
    may: tuple[str, ...] = ()


def _described() -> QuerySet[Offer]:
    fair = CurrentPrice.objects.filter(
        variant=OuterRef("listing__item__variant"), condition=OuterRef("listing__item__condition")
    )
    picture = ProductImage.objects.filter(product=OuterRef("listing__item__variant__product"), is_primary=True)
    return Offer.objects.select_related(
        "listing__item__variant__product__release", "buyer", "seller__standing", "author"
    ).annotate(
        fair_value=Subquery(fair.values("value")[:1]),
        image_name=Coalesce(Subquery(picture.values("file")[:1]), Value("")),
    )


def offers_of(
    *, member: User, side: str = "", ended: bool = False, limit: int, offset: int = 0, after: Place | None = None
) -> Page[Offer]:
    """A member's offers, newest first. side: "made" (as the buyer), "received" (as the seller), or empty for both."""
    mine = {"made": Q(buyer=member), "received": Q(seller=member)}.get(side, Q(buyer=member) | Q(seller=member))
    live = Q(state__in=LIVE)
    return newest_first(_described().filter(mine, ~live if ended else live), limit=limit, offset=offset, after=after)


def urgent_first(*, member: User, side: str, limit: int, offset: int = 0) -> Page[Offer]:
    """A member's live offers for the page: first what waits for the member, then by when it ends."""
    mine = Q(seller=member) if side == "received" else Q(buyer=member)
    waits = _waits_for(member)
    rows = _described().filter(mine, state__in=LIVE)
    rows = rows.annotate(turn=Case(When(waits, then=Value(0)), default=Value(1), output_field=IntegerField()))
    return Page(list(rows.order_by("turn", "due_at", "pk")[offset : offset + limit]), rows.count(), limit, offset)


def _waits_for(member: User) -> Q:
    their_answer = (Q(buyer=member) | Q(seller=member)) & ~Q(author=member) & Q(state=OfferState.OPEN)
    return their_answer | Q(buyer=member, state=OfferState.AGREED)


def waiting(*, member: User) -> dict[str, int]:
    """How many live offers wait for the member, as the buyer (`made`) and as the seller (`received`)."""
    rows = Offer.objects.filter(_waits_for(member)).values_list("buyer_id", flat=True)
    buyers = list(rows)
    made = sum(buyer == member.pk for buyer in buyers)
    return {"made": made, "received": len(buyers) - made}


def offer_for(*, pk: uuid.UUID, reader: User) -> Offer:
    """One offer, for its two sides and for moderators. Raises NotFound for everybody else."""
    found = _described().filter(pk=pk).first()
    if found is None or not (reader.pk in {found.buyer_id, found.seller_id} or reader.is_moderator):
        raise NotFound("This offer is not one of yours.")
    return found


def negotiation(offer: Offer) -> list[Offer]:
    """All that the two said about the listing, oldest first; the last one is where they stand."""
    said = Offer.objects.filter(listing=offer.listing_id, buyer=offer.buyer_id).select_related("author")
    return list(said.order_by("created_at", "pk"))


def live_offer(*, listing: Listing, buyer: User) -> Offer | None:
    """The buyer's live offer of a listing."""
    return Offer.objects.filter(listing=listing, buyer=buyer, state__in=LIVE).first()


def terms_of(listing: Listing) -> OfferTerms:
    """Which offers a listing takes; all, where the seller has said nothing."""
    return OfferTerms.objects.filter(listing=listing).first() or OfferTerms(listing=listing)


def next_step(offer: Offer, reader: User | None = None, now: dt.datetime | None = None) -> OfferStep:
    """What comes next with an offer, in words. Every state has an answer; the actions check again."""
    now = now or timezone.now()
    state = OfferState(offer.state)
    reader_id = reader.pk if reader else None
    if state == OfferState.OPEN:
        return _step_of_open(offer, reader_id, now)
    if state == OfferState.AGREED:
        if offer.due_at <= now:
            return OfferStep("nobody", "The time to check out has passed; the copies go back on sale.", None, "")
        mine = ("buy", "withdraw") if reader_id == offer.buyer_id else ()
        return OfferStep("buyer", "check out at the agreed price", offer.due_at, "the copies go back on sale", mine)
    ended = {
        OfferState.BOUGHT: "Bought. The rest is in the trade.",
        OfferState.COUNTERED: "Answered with another price.",
        OfferState.DECLINED: "Declined. Another offer may be made.",
        OfferState.WITHDRAWN: "Withdrawn. Another offer may be made.",
        OfferState.EXPIRED: "Nobody answered in time. Another offer may be made.",
        OfferState.LAPSED: "Nobody checked out in time; the copies went back on sale.",
        OfferState.VOID: "Ended.",
    }[state]
    return OfferStep("nobody", Why(offer.why).label if offer.why else ended, None, "")


def _step_of_open(offer: Offer, reader_id: uuid.UUID | None, now: dt.datetime) -> OfferStep:
    if offer.due_at <= now:
        return OfferStep("nobody", "The time to answer has passed.", None, "")
    answerer = "seller" if offer.author_id == offer.buyer_id else "buyer"
    may: tuple[str, ...] = ()
    if reader_id == offer.author_id:
        may = ("withdraw",)
    elif reader_id == offer.other_id:
        may = ("accept", "counter", "decline")
    listing, what = offer.listing, "accept, counter or decline"
    if listing.state in {Listing.State.SOLD_OUT, Listing.State.WITHDRAWN}:
        what = "nothing is left; the offer ends"
        may = tuple(event for event in may if event in {"decline", "withdraw"})
    elif listing.state != Listing.State.ACTIVE:
        what = "wait until the listing is shown again, or end it"
        may = tuple(event for event in may if event in {"decline", "withdraw"})
    elif listing.quantity < offer.quantity:
        what = f"counter for fewer (only {listing.quantity} left) or decline"
        may = tuple(event for event in may if event != "accept")
    return OfferStep(answerer, what, offer.due_at, "the offer ends", may)
