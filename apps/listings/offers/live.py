"""What of bargains can be followed live, and by whom: an offer's thread; the lists of both sides hear of it, too."""

from __future__ import annotations

import uuid

from django.db.models import Q

from apps.core.outbox import at_once
from apps.listings.offers.events import OfferAgreed, OfferBought, OfferClosed, OfferEvent, OfferMade
from apps.listings.offers.models import Offer
from apps.live.pushing import push_all
from apps.live.streams import Reader, stream


def is_party(reader: Reader, key: uuid.UUID) -> bool:
    """Buyer or seller."""
    return Offer.objects.filter(Q(buyer=reader.member_id) | Q(seller=reader.member_id), pk=key).exists()


@stream("offer", is_present=is_party)
def may_follow_offer(reader: Reader, key: uuid.UUID) -> bool:
    """Its two sides and moderators, as its page."""
    return reader.member_id is not None and (reader.is_moderator or is_party(reader, key))


@at_once(OfferMade)
@at_once(OfferAgreed)
@at_once(OfferBought)
@at_once(OfferClosed)
def tell(event: OfferEvent) -> None:
    """Who looks at any offer of the thread sees where it stands; both see it in their lists."""
    thread = Offer.objects.filter(listing=event.listing_id, buyer=event.buyer_id).values_list("pk", flat=True)
    told = {"offer": event.offer_id}
    push_all(
        [
            *((f"offer:{pk}", "changed", told) for pk in thread),
            *((f"member:{pk}", "offers", told) for pk in (event.buyer_id, event.seller_id)),
        ]
    )
