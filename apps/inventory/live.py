"""What of inventories can be followed live: that one's own portfolio is worth something else, or holds something else."""

from __future__ import annotations

import uuid

from apps.core.outbox import at_once, subscribe_to_sets
from apps.inventory.events import ItemAdded, ItemHandedOver, ItemsImported
from apps.inventory.models import InventoryItem
from apps.live.pushing import push, push_all, watched
from apps.live.streams import Reader, stream
from apps.valuations.events import PriceChanged


@stream("portfolio", only_watched=True)
def may_follow_portfolio(reader: Reader, key: uuid.UUID) -> bool:
    """One's own."""
    return reader.member_id == key


@subscribe_to_sets(PriceChanged)
def reprice(events: list[PriceChanged]) -> None:
    """Tell whoever looks at a portfolio that holds what changed."""
    owners = watched("portfolio")
    if owners:
        held = InventoryItem.objects.filter(owner__in=owners, variant__in={each.variant_id for each in events})
        owners_of_it = held.filter(quantity__gt=0).order_by().values_list("owner", flat=True).distinct()
        push_all((f"portfolio:{owner}", "prices", None) for owner in owners_of_it)


@at_once(ItemAdded)
@at_once(ItemsImported)
def tell_of_more(event: ItemAdded | ItemsImported) -> None:
    """Copies came."""
    push(f"portfolio:{event.owner_id}", "items")


@at_once(ItemHandedOver)
def tell_both(event: ItemHandedOver) -> None:
    """Copies went from one to the other."""
    push_all((f"portfolio:{pk}", "items", None) for pk in (event.giver_id, event.taker_id))
