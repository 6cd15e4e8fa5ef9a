"""The sources of prices that every installation knows, with how far each is trusted. `plant` writes them."""

from __future__ import annotations

from decimal import Decimal

from django.apps.registry import Apps

# slug: (name, address, currency, reliability). Our own settled sales are seen end to end, hence 1. Aggregates of sold
# copies come next; price guides mix conditions and languages; asks and unnamed files come last.
SOURCES: dict[str, tuple[str, str, str, str]] = {
    "cardvault": ("CardVault sales", "", "USD", "1.00"),
    "tcgplayer": ("TCGplayer", "https://www.tcgplayer.com", "USD", "0.90"),
    "cardmarket": ("Cardmarket", "https://www.cardmarket.com", "EUR", "0.80"),
    "ebay": ("eBay", "https://www.ebay.com", "USD", "0.70"),
    "pricecharting": ("PriceCharting", "https://www.pricecharting.com", "USD", "0.70"),
    "bricklink": ("BrickLink", "https://www.bricklink.com", "USD", "0.80"),
    "scryfall": ("Scryfall", "https://scryfall.com", "USD", "0.75"),
    "file": ("Imported file", "", "USD", "0.60"),
}


def plant(apps: Apps, using: str = "default") -> None:
    """Add the sources that are missing; an operator's changes to one that exists are kept."""
    source = apps.get_model("valuations", "Source")
    known = set(source.objects.using(using).values_list("slug", flat=True))
    source.objects.using(using).bulk_create(
        source(slug=slug, name=name, url=url, currency=currency, reliability=Decimal(reliability))
        for slug, (name, url, currency, reliability) in SOURCES.items()
        if slug not in known
    )
