"""How offers end that nobody answers: by time, by a sale to somebody else, by a block. And the one way in which any ends."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from apps.accounts.models import User
from apps.core import outbox
from apps.inventory import actions as inventory
from apps.listings import actions as listings
from apps.listings.offers.events import OfferClosed
from apps.listings.offers.models import STEPS, Offer, OfferState, Why

log = structlog.get_logger()
_SET = 1000


def cause_of(offer: Offer) -> str:
    """What the inventory's movements name as the cause of the reservation."""
    return f"offer:{offer.pk}"


def who(offer: Offer) -> dict[str, Any]:
    """What every event of an offer tells."""
    return {
        "offer_id": offer.pk,
        "listing_id": offer.listing_id,
        "buyer_id": offer.buyer_id,
        "seller_id": offer.seller_id,
        "quantity": offer.quantity,
        "price_minor": offer.price_minor,
        "currency": offer.currency,
    }


def locked(pk: uuid.UUID, *, skip_locked: bool = False) -> Offer | None:
    """The offer with its row lock, or None."""
    return (
        Offer.objects.select_for_update(of=("self",), no_key=True, skip_locked=skip_locked)
        .select_related("listing", "buyer", "seller")
        .filter(pk=pk)
        .first()
    )


def close(offer: Offer, state: OfferState, *, why: str = "", by: User | None = None) -> Offer:
    """End a live offer that the caller has locked; agreed copies go back on sale. by: who ended it. Emits offer.closed."""
    before = OfferState(offer.state)
    if state not in STEPS[before].values():
        raise ValueError(f"an offer that is {before} does not become {state}")
    if before == OfferState.AGREED:
        listings.put_back(listing_id=offer.listing_id, quantity=offer.quantity)
        inventory.release_reservation(
            item_id=offer.listing.item_id, quantity=offer.quantity, cause=cause_of(offer), by=None
        )
    offer.state, offer.closed_at, offer.why = state, timezone.now(), why
    offer.save(update_fields=["state", "closed_at", "why"])
    outbox.emit(OfferClosed(**who(offer), state=state, why=why, by_id=by.pk if by else None))
    return offer


def void_open(condition: Q, why: Why) -> int:
    """End the open offers that fulfil a condition, in sets; returns how many. Emits offer.closed for each."""
    ended = 0
    while found := _end_open(condition, OfferState.VOID, why):
        ended += found
    return ended


def void_sold_out(listing_ids: Collection[uuid.UUID]) -> int:
    """The last copies of these listings are promised, or were taken back."""
    still = Q(listing__in=list(listing_ids))
    sold = void_open(still & Q(listing__state="sold-out"), Why.SOLD)
    return sold + void_open(still & Q(listing__state="withdrawn"), Why.TAKEN_BACK)


def void_overtaken(listing_ids: Collection[uuid.UUID]) -> int:
    """These listings changed: an offer at their price or over it has no sense any more."""
    return void_open(Q(listing__in=list(listing_ids), price_minor__gte=F("listing__price_minor")), Why.CHEAPER)


@transaction.atomic
def void_between(one: uuid.UUID, other: uuid.UUID) -> int:
    """Everything live between two members ends, agreed prices too."""
    pair = Q(buyer=one, seller=other) | Q(buyer=other, seller=one)
    ended = void_open(pair, Why.APART)
    agreed = Offer.objects.filter(pair, state=OfferState.AGREED).order_by("pk").values_list("pk", flat=True)
    for pk in list(agreed):
        offer = locked(pk)
        if offer is not None and offer.state == OfferState.AGREED:
            close(offer, OfferState.VOID, why=Why.APART)
            ended += 1
    return ended


def sweep(*, now: dt.datetime | None = None) -> tuple[int, int]:
    """End what is past its time: open offers in sets, agreements one by one, since those give copies back.

    Returns how many of each. Any number of workers may sweep at once; what another has locked is left to it.
    """
    now = now or timezone.now()
    expired = 0
    while found := _end_open(Q(due_at__lte=now), OfferState.EXPIRED, Why.NONE, skip_locked=True):
        expired += found
    lapsed = 0
    due = Offer.objects.filter(state=OfferState.AGREED, due_at__lte=now).order_by("due_at").values_list("pk", flat=True)
    for pk in list(due[:_SET]):
        try:
            lapsed += _lapse(pk, now)
        except Exception as error:  # one that fails must not stop the clock of all others
            log.error("offer.lapse_failed", offer=str(pk), exc_info=error)
    return expired, lapsed


@transaction.atomic
def _lapse(pk: uuid.UUID, now: dt.datetime) -> int:
    offer = locked(pk, skip_locked=True)
    if offer is None or offer.state != OfferState.AGREED or offer.due_at > now:
        return 0
    close(offer, OfferState.LAPSED)
    return 1


@transaction.atomic
def _end_open(condition: Q, state: OfferState, why: Why, *, skip_locked: bool = False) -> int:
    """End one set of open offers in three statements; how many."""
    found = list(
        Offer.objects.select_for_update(of=("self",), no_key=True, skip_locked=skip_locked)
        .filter(condition, state=OfferState.OPEN)
        .order_by("pk")[:_SET]
    )
    if not found:
        return 0
    pks = [offer.pk for offer in found]
    Offer.objects.filter(pk__in=pks).update(state=state, closed_at=timezone.now(), why=why)
    outbox.emit_all([OfferClosed(**who(offer), state=state, why=why) for offer in found])
    return len(found)
