"""Matching follows what happens: new and changed listings, marked items, changed lists. Facts come in sets."""

from apps.core.outbox import subscribe_to_sets
from apps.listings.events import ListingChanged, ListingCreated
from apps.listings.wants import actions
from apps.listings.wants.events import HaveMarked, WantsChanged


@subscribe_to_sets(ListingCreated)
def match_new_listings(events: list[ListingCreated]) -> None:
    """Copies are for sale."""
    actions.look_for_matches(listing_ids={event.listing_id for event in events})


@subscribe_to_sets(ListingChanged)
def match_changed_listings(events: list[ListingChanged]) -> None:
    """A price may have come down to what somebody pays."""
    actions.look_for_matches(listing_ids={event.listing_id for event in events})


@subscribe_to_sets(HaveMarked)
def match_haves(events: list[HaveMarked]) -> None:
    """Items may be traded for."""
    actions.look_for_matches(item_ids={event.item_id for event in events})


@subscribe_to_sets(WantsChanged)
def match_lists(events: list[WantsChanged]) -> None:
    """Lists ask for something new."""
    actions.look_for_matches(list_ids={event.list_id for event in events})
