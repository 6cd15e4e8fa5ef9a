"""How what two members may share is written, so that the same thing reads the same; and as what it is kept. Pure.

What is kept is a keyed hash, never the address or fingerprint itself: it can be compared, not read.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Mapping

from django.utils.crypto import salted_hmac

_SHORT = {
    "street": "st", "str": "st", "strasse": "st", "avenue": "ave", "av": "ave", "road": "rd", "lane": "ln",
    "drive": "dr", "boulevard": "blvd", "court": "ct", "place": "pl", "square": "sq", "apartment": "apt", "unit": "apt",
    "flat": "apt", "suite": "apt", "ste": "apt", "number": "apt", "no": "apt", "north": "n", "south": "s", "east": "e",
    "west": "w",
}  # fmt: skip


def plain(text: str) -> str:
    """Lower case without accents and punctuation; words apart by one space."""
    folded = unicodedata.normalize("NFKD", text.replace("ß", "ss")).casefold()
    kept = "".join(letter for letter in folded if not unicodedata.combining(letter))
    return " ".join(re.findall(r"[^\W_]+", kept))


def address(given: Mapping[str, str]) -> str:
    """An address whoever it names, however it is written: "1 Card Ln., Apt. 4" is "1 Card Lane # 4"; empty without a street."""
    lines = f"{given.get('line1', '')} {given.get('line2', '')}".replace("#", " apt ")
    words = [_SHORT.get(word, word) for word in plain(lines).split()]
    # A street that is one word with its kind ("Hauptstraße", "Hauptstr.") ends alike.
    words = [re.sub(r"(?<=\w{3})(strasse|str)$", "st", word) for word in words]
    words = [word for place, word in enumerate(words) if word != "apt" or words[place - 1 : place] != ["apt"]]
    street = "".join(words)
    return f"{street}|{postcode(given)}" if street else ""


def postcode(given: Mapping[str, str]) -> str:
    """Country and postcode; of American ones the five digits that every parcel has."""
    country = given.get("country", "").upper()
    code = plain(given.get("postal_code", "")).replace(" ", "")
    return f"{country}:{code[:5] if country == 'US' else code}"


def household(given: Mapping[str, str]) -> str:
    """Family name and postcode; empty where there is only one name."""
    names = plain(given.get("name", "")).split()
    return f"{names[-1]}|{postcode(given)}" if len(names) > 1 else ""


def network(ip: str) -> str:
    """The /24 of an IPv4 address, the /48 of an IPv6 one; empty for what is none or is not of the open net."""
    try:
        found = ipaddress.ip_address(ip)
    except ValueError:
        return ""
    if found.version == 6 and found.ipv4_mapped:
        found = found.ipv4_mapped
    if not found.is_global:
        return ""
    return str(ipaddress.ip_network(f"{found}/{24 if found.version == 4 else 48}", strict=False))


def digest(kind: str, value: str) -> str:
    """What is kept of a value: 32 hexadecimal digits that only this installation's secret key makes."""
    return salted_hmac(f"risk.{kind}", value, algorithm="sha256").hexdigest()[:32]
