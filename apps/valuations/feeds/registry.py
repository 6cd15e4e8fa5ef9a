"""Every adapter by its kind, and the feeds that every installation has. `plant` writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.apps.registry import Apps

from apps.valuations.feeds.bricklink import Guide
from apps.valuations.feeds.cardmarket import PriceGuides
from apps.valuations.feeds.catalogues import TCGCSVCatalogue, TCGplayerCatalogue
from apps.valuations.feeds.ebay import Asks, Sales
from apps.valuations.feeds.errors import FeedError
from apps.valuations.feeds.pricecharting import PriceGuide
from apps.valuations.feeds.protocol import Adapter
from apps.valuations.feeds.table import Table
from apps.valuations.feeds.tcgcsv import Archive, Daily
from apps.valuations.feeds.tcgplayer import TCGplayer

ADAPTERS: dict[str, type[Adapter]] = {
    adapter.kind: adapter
    for adapter in (
        TCGplayer, TCGplayerCatalogue, Daily, TCGCSVCatalogue, Archive, Asks, Sales, PriceGuides, PriceGuide, Guide, Table,
    )
}  # fmt: skip


def adapter_of(kind: str, options: Mapping[str, Any]) -> Adapter:
    """The adapter of a feed. Raises FeedError on an unknown kind, and on options that it cannot work with."""
    if kind not in ADAPTERS:
        raise FeedError(f"{kind!r} is not a kind of feed. Known: {', '.join(sorted(ADAPTERS))}.")
    if not isinstance(options, Mapping):
        raise FeedError("The options are an object, such as {}.")
    try:
        return ADAPTERS[kind](options)
    except (TypeError, ValueError) as error:
        raise FeedError(f"The options cannot be used: {error}.") from error


def plant(apps: Apps, using: str = "default") -> None:
    """Add the feeds that are missing. Those without keys of their own wait for the operator to switch them on; those
    with keys wait for the keys. CSV by address is the operator's to add.
    """
    feed = apps.get_model("valuations", "Feed")
    known = set(feed.objects.using(using).values_list("slug", flat=True))
    feed.objects.using(using).bulk_create(
        feed(slug=kind, kind=kind, is_on=adapter.needs_keys, pace_minutes=adapter.pace.total_seconds() // 60)
        for kind, adapter in ADAPTERS.items()
        if kind not in known and adapter is not Table
    )
