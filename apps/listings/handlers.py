"""What listings do when they are made, when a photograph comes to one, and when a moderator has looked."""

from apps.accounts.models import User
from apps.core.outbox import subscribe, subscribe_to_sets
from apps.inventory.events import PhotoAttached
from apps.listings import checking
from apps.listings.events import ListingCreated
from apps.listings.models import OPEN_STATES, Listing
from apps.listings.screening import screen
from apps.risk.events import RiskDecided
from apps.risk.rules import About


@subscribe_to_sets(ListingCreated)
def screen_new_listings(events: list[ListingCreated]) -> None:
    """Look at the photographs of what was listed."""
    screen({event.listing_id for event in events})


@subscribe(PhotoAttached)
def screen_new_photo(event: PhotoAttached) -> None:
    """A photograph came to what is listed already."""
    screen(Listing.objects.filter(item=event.item_id, state__in=OPEN_STATES).values_list("pk", flat=True))


@subscribe(RiskDecided)
def follow_decided_listing(event: RiskDecided) -> None:
    """Buyers see it, or it is taken down."""
    if event.about == About.LISTING:
        by = User.objects.filter(pk=event.by_id).first() if event.by_id else None
        checking.end_check(listing_id=event.subject_id, released=event.released, by=by)
