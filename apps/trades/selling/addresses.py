"""An address as it stands on a parcel: its lines in the order of the country that it goes to."""

from __future__ import annotations

from collections.abc import Mapping

from apps.core.countries import COUNTRIES

_NAMES = dict(COUNTRIES)
# Where the post code stands behind town and region; elsewhere it stands before the town.
# Source: Universal Postal Union, addressing sheets of these countries.
_CODE_LAST = frozenset({"US", "CA", "AU", "NZ", "IN", "GB", "IE", "SG", "HK", "TW", "KR", "TH", "ID", "PH", "ZA", "BR"})
# Where the code has a line of its own below the town.
_CODE_APART = frozenset({"GB", "IE", "ZA"})


def lines_of(address: Mapping[str, str], *, home: str = "") -> list[str]:
    """Name, street, town and, where it is not sent within `home`, the country in capitals; empty parts are left out."""
    country = address.get("country", "")
    city, region, code = (address.get(part, "").strip() for part in ("city", "region", "postal_code"))
    if country in _CODE_APART:
        town = [city, region, code]
    elif country in _CODE_LAST:
        town = [" ".join(filter(None, [", ".join(filter(None, [city, region])), code]))]
    else:
        town = [" ".join(filter(None, [code, city])), region]
    abroad = _NAMES.get(country, country).upper() if country != home else ""
    lines = [address.get("name", ""), address.get("line1", ""), address.get("line2", ""), *town, abroad]
    return [line.strip() for line in lines if line.strip()]
