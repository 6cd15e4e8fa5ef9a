"""Where parcels go: a seller's own country, single countries, regions, and anywhere. What a parcel weighs."""

from __future__ import annotations

from apps.core.countries import COUNTRIES

HOME, WORLD = "HOME", "WORLD"
_UNION = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
_ASIA = "CN HK ID JP KR MO MY PH SG TH TW VN"
REGIONS: dict[str, tuple[str, frozenset[str]]] = {
    "EU": ("European Union", frozenset(_UNION.split())),
    "EUROPE": (
        "Europe",
        frozenset(f"{_UNION} AD AL BA BY CH FO GB GG GI IM IS JE LI MC MD ME MK NO RS SM UA VA".split()),
    ),
    "NAMERICA": ("North America", frozenset({"US", "CA", "MX"})),
    "ASIA": ("East and South East Asia", frozenset(_ASIA.split())),
    "OCEANIA": ("Australia and New Zealand", frozenset({"AU", "NZ"})),
}
"""By code, from the narrowest to the widest: the first one that holds a country is the nearest."""

_NAMES = dict(COUNTRIES)


def choices() -> list[tuple[str, str]]:
    """What a rate can be for, widest use first."""
    regions = [(code, name) for code, (name, _) in REGIONS.items()]
    return [(HOME, "Your own country"), *regions, (WORLD, "Everywhere else"), *COUNTRIES]


def name_of(destination: str) -> str:
    """A destination in words."""
    if destination in REGIONS:
        return REGIONS[destination][0]
    return {HOME: "Your own country", WORLD: "Everywhere else"}.get(destination) or _NAMES.get(destination, destination)


def destinations_of(country: str) -> list[str]:
    """What a country is reached under, nearest first: itself, its regions, the world."""
    return [country, *(code for code, (_, members) in REGIONS.items() if country in members), WORLD]


def is_country(code: str) -> bool:
    """Whether this is a country that a reader can choose."""
    return code in _NAMES
