"""Reminders before something happens by itself: who acts next is told once for each deadline, in good time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db.models import Q
from django.utils import timezone

from apps.escrow.models import Dispute, Hold, HoldState
from apps.listings.offers.models import Offer, OfferState
from apps.notifications.sources.escrow import other_than, told
from apps.notifications.telling import Told, tell
from apps.trades.swaps.models import Side, Swap
from apps.trades.swaps.states import SwapState

_DAY, _SIX_HOURS = dt.timedelta(hours=24), dt.timedelta(hours=6)
# state -> (the deadline's event, how long before, what is to be done, what happens else)
_HOLDS = {
    HoldState.CREATED: ("expire", _SIX_HOURS, "Pay soon", "Nobody has paid; the copies go back on sale then."),
    HoldState.FUNDED: ("late", _DAY, "Ship soon", "After that the buyer may cancel."),
    HoldState.DELIVERED: ("release", _DAY, "Your inspection ends soon", "After that the money goes to the seller."),
}
_OFFERS = {
    OfferState.OPEN: ("Answer an offer soon", "After that it is gone."),
    OfferState.AGREED: ("Check out soon", "After that the agreed price and the copies are gone."),
}
_SWAPS = {
    SwapState.PROPOSED: ("Answer a swap soon", "After that the proposal is gone."),
    SwapState.AGREED: ("Pay for your swap soon", "After that the swap is called off."),
    SwapState.UNDER_WAY: ("Ship your side of the swap soon", "After that the swap is called off at your cost."),
}


def remind(*, now: dt.datetime | None = None) -> int:
    """Tell who acts next of every deadline that is near; how many were told. Safe to repeat: each deadline is told once."""
    now = now or timezone.now()
    return tell([*_of_holds(now), *_of_cases(now), *_of_offers(now), *_of_swaps(now)], at=now)


def _of_holds(now: dt.datetime) -> Iterator[Told]:
    near = Q()
    for state, (event, before, _what, _meaning) in _HOLDS.items():
        near |= Q(state=state, due_event=event, due_at__gt=now, due_at__lte=now + before)
    for hold in Hold.objects.filter(near, is_led=False).select_related("payer", "payee")[:5000]:
        _event, _before, what, meaning = _HOLDS[HoldState(hold.state)]
        owner = hold.payee_id if hold.state == HoldState.FUNDED else hold.payer_id
        yield told("deadline.near", owner, hold, _cause(hold.pk, hold.state, hold.due_at), what=what, meaning=meaning)


def _of_cases(now: dt.datetime) -> Iterator[Told]:
    soon = {"gt": now, "lte": now + _DAY}
    unanswered = Q(state=Dispute.State.OPEN, **{f"answer_due_at__{name}": at for name, at in soon.items()})
    talking = Q(state=Dispute.State.ANSWERED, turn__isnull=False) & Q(
        **{f"turn_due_at__{name}": at for name, at in soon.items()}
    )
    for case in Dispute.objects.filter(unanswered | talking).select_related("hold__payer", "hold__payee")[:5000]:
        is_open = case.state == Dispute.State.OPEN
        due_at = case.answer_due_at if is_open else case.turn_due_at
        owner = other_than(case.hold, case.opened_by_id) if is_open else case.turn_id
        meaning = (
            "After that a moderator decides without your view." if is_open else "After that the other side may go on."
        )
        more = {"what": "Answer the case soon", "meaning": meaning, "due_at": due_at}
        yield told("deadline.near", owner, case.hold, _cause(case.pk, case.state, due_at), **more)


def _of_offers(now: dt.datetime) -> Iterator[Told]:
    near = Offer.objects.filter(state__in=_OFFERS, due_at__gt=now, due_at__lte=now + _SIX_HOURS)
    for offer in near.select_related("listing__item__variant__product")[:5000]:
        what, meaning = _OFFERS[OfferState(offer.state)]
        owner = offer.buyer_id if offer.state == OfferState.AGREED else offer.other_id
        facts = {
            "offer_id": str(offer.pk), "goods": offer.listing.item.variant.product.name, "what": what, "meaning": meaning,
            "due_at": offer.due_at,
        }  # fmt: skip
        group = f"negotiation:{offer.listing_id}:{offer.buyer_id}"[:120]
        yield Told(
            "deadline.near", owner, _cause(offer.pk, offer.state, offer.due_at), group, offer.get_absolute_url(), facts
        )


def _of_swaps(now: dt.datetime) -> Iterator[Told]:
    near = Swap.objects.filter(state__in=_SWAPS, due_at__gt=now, due_at__lte=now + _DAY)
    found = list(near.select_related("proposer", "other", "third")[:5000])
    agreed = set(Side.objects.filter(swap__in=found, agreed_at__isnull=False).values_list("swap_id", "member_id"))
    shipped = set(Side.objects.filter(swap__in=found, shipped_at__isnull=False).values_list("swap_id", "member_id"))
    for swap in found:
        what, meaning = _SWAPS[SwapState(swap.state)]
        done = agreed if swap.state == SwapState.PROPOSED else shipped
        for owner in swap.people[1:] if swap.state == SwapState.PROPOSED else swap.people:
            if (swap.pk, owner.pk) in done:
                continue
            partner = swap.partners_of(owner.pk)
            facts = {
                "swap_id": str(swap.pk), "goods": f"with {partner}", "what": what, "meaning": meaning, "due_at": swap.due_at
            }  # fmt: skip
            cause = _cause(swap.pk, swap.state, swap.due_at)
            yield Told("deadline.near", owner.pk, cause, f"swap:{swap.pk}", swap.get_absolute_url(), facts)


def _cause(pk: object, state: str, due_at: dt.datetime | None) -> str:
    return f"deadline:{pk}:{state}:{due_at.isoformat() if due_at else ''}"
