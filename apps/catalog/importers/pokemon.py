"""Pokémon: what its two formats share, such as which finish a rarity is printed in."""

from apps.catalog.models import Finish

CATEGORY = "trading-cards/pokemon"

_PLAIN = {"common", "uncommon", "rare", "promo", "none", ""}


def finish_of_rarity(rarity: str) -> Finish:
    """The finish to assume where a source names none: rarities above Rare are printed as holofoil only."""
    return Finish.NORMAL if rarity.lower() in _PLAIN else Finish.HOLOFOIL
