"""Live prices: who looks at a card hears that its fair value moved. Prices change by the thousand, so in sets."""

from __future__ import annotations

import uuid
from collections import defaultdict
from typing import Any

from apps.catalog.models import Variant
from apps.core.outbox import subscribe_to_sets
from apps.live.pushing import push_all, watched
from apps.live.streams import Reader, stream
from apps.valuations.events import PriceChanged

MOST_AT_ONCE = 20


@stream("card", is_public=True, only_watched=True)
def may_follow_card(reader: Reader, key: uuid.UUID) -> bool:
    """Everybody, as the card's page; a key that is no card's stays silent."""
    return True


@subscribe_to_sets(PriceChanged)
def tick(events: list[PriceChanged]) -> None:
    """Tell of the cards that somebody looks at, one event for each with at most MOST_AT_ONCE of its changes."""
    looked_at = watched("card")
    if not looked_at:
        return
    changed = {each.variant_id for each in events}
    products = dict(Variant.objects.filter(pk__in=changed, product__in=looked_at).values_list("pk", "product"))
    by_card: defaultdict[uuid.UUID, dict[tuple[uuid.UUID, str], dict[str, Any]]] = defaultdict(dict)
    for each in events:
        if each.variant_id in products:
            told = {name: getattr(each, name) for name in ("condition", "old", "new", "currency", "at")}
            by_card[products[each.variant_id]][each.variant_id, each.condition] = {"variant": each.variant_id, **told}
    push_all(
        (f"card:{product}", "price", {"prices": list(changes.values())[:MOST_AT_ONCE], "changes": len(changes)})
        for product, changes in by_card.items()
    )
