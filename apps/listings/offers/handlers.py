"""What offers do when their listing is gone, costs less, or the two part. Facts of listings come in sets."""

from apps.accounts.blocks.events import MemberBlocked
from apps.core.outbox import subscribe, subscribe_to_sets
from apps.listings.events import ListingChanged, ListingSoldOut, ListingWithdrawn
from apps.listings.offers import closing


@subscribe_to_sets(ListingSoldOut)
def end_offers_of_sold_listings(events: list[ListingSoldOut]) -> None:
    """The last copy is promised to somebody."""
    closing.void_sold_out({event.listing_id for event in events})


@subscribe_to_sets(ListingWithdrawn)
def end_offers_of_withdrawn_listings(events: list[ListingWithdrawn]) -> None:
    """The seller took it back."""
    closing.void_sold_out({event.listing_id for event in events})


@subscribe_to_sets(ListingChanged)
def end_overtaken_offers(events: list[ListingChanged]) -> None:
    """The price may have fallen to an offer."""
    closing.void_overtaken({event.listing_id for event in events})


@subscribe(MemberBlocked)
def end_offers_between_the_two(event: MemberBlocked) -> None:
    """They trade no more."""
    closing.void_between(event.owner_id, event.other_id)
