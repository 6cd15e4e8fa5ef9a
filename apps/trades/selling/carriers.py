"""Whose parcel number this is, by its shape and its check digit. Pure; a guess is made only where one carrier fits."""

from __future__ import annotations

import re

_SHAPE = re.compile(r"[0-9A-Z]+\Z")
# Two letters for the kind, nine digits, two letters for the country: S10 of the Universal Postal Union.
_S10 = re.compile(r"[A-Z]{2}\d{9}[A-Z]{2}\Z")
_POSTS = {
    "AT": "Austrian Post", "AU": "Australia Post", "BE": "bpost", "BR": "Correios", "CA": "Canada Post", "CH": "Swiss Post",
    "CN": "China Post", "DE": "Deutsche Post", "DK": "PostNord", "ES": "Correos", "FI": "Posti", "FR": "La Poste",
    "GB": "Royal Mail", "HK": "Hongkong Post", "IE": "An Post", "IT": "Poste Italiane", "JP": "Japan Post",
    "KR": "Korea Post", "NL": "PostNL", "NO": "Posten", "NZ": "NZ Post", "PL": "Poczta Polska", "PT": "CTT",
    "SE": "PostNord", "SG": "SingPost", "TW": "Chunghwa Post", "US": "USPS",
}  # fmt: skip


def plain_parcel_number(text: str) -> str:
    """A parcel's number as carriers store it: capitals and digits, without blanks, dots and dashes."""
    return re.sub(r"[\s.\-]", "", text).upper()


def carrier_of(number: str) -> str:
    """The carrier's name, empty where the number is of none that is known, or could be of several."""
    plain = plain_parcel_number(number)
    if not _SHAPE.match(plain):
        return ""
    if _S10.match(plain):
        return _POSTS.get(plain[-2:], "") if _is_s10(plain) else ""
    if plain.startswith("1Z"):
        return "UPS" if len(plain) == 18 and _is_ups(plain) else ""
    if plain.startswith(("JJD", "JVGL")):
        return "DHL"
    if plain.startswith("3S") and 13 <= len(plain) <= 15:
        return "PostNL"
    return _of_digits(plain) if plain.isdigit() else ""


def _of_digits(digits: str) -> str:
    length = len(digits)
    if length == 20 and digits.startswith("00340"):
        return "DHL" if _is_modulo_ten(digits) else ""
    if digits.startswith("420") and length in (30, 34):  # the post code stands before the number
        digits = digits[8:] if length == 30 else digits[12:]
        length = len(digits)
    if length in (20, 22) and digits.startswith(("91", "92", "93", "94", "95")):
        return "USPS" if _is_modulo_ten(digits) else ""
    if length == 12:
        return "FedEx" if _is_fedex(digits) else ""
    return ""


def _is_s10(number: str) -> bool:
    """Source: Universal Postal Union, standard S10, weights 8 6 4 2 3 5 9 7."""
    total = sum(int(digit) * weight for digit, weight in zip(number[2:10], (8, 6, 4, 2, 3, 5, 9, 7), strict=True))
    check = 11 - total % 11
    return int(number[10]) == {10: 0, 11: 5}.get(check, check)


def _is_ups(number: str) -> bool:
    """Letters count as (position from A + 2) modulo 10; every second character counts twice."""
    values = [int(each) if each.isdigit() else (ord(each) - 63) % 10 for each in number[2:17]]
    total = sum(values[0::2]) + 2 * sum(values[1::2])
    return number[17].isdigit() and int(number[17]) == -total % 10


def _is_modulo_ten(digits: str) -> bool:
    """GS1's check digit: from the right, weights 3 and 1 in turn."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits[:-1])))
    return int(digits[-1]) == -total % 10


def _is_fedex(digits: str) -> bool:
    """Weights 3 1 7 in turn, modulo 11; ten counts as nought."""
    total = sum(int(digit) * weight for digit, weight in zip(digits[:11], (3, 1, 7) * 4, strict=False))
    return int(digits[11]) == total % 11 % 10
