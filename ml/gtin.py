"""Retail barcode numbers (GTIN): checked, brought to 13 digits, and written as they stand on a box. No pictures here."""

import re

LENGTH = 13
_LENGTHS = (8, 12, 13, 14)


def check_digit(digits: str) -> int:
    """The last digit that belongs behind these.

    Weights 3 and 1 from the right, then up to the next ten. Source: GS1 General Specifications, section 7.9.
    """
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return -total % 10


def normal(text: str) -> str | None:
    """The 13 digits that a barcode stands for; None where it is none, or its check digit is wrong.

    EAN-8, UPC-A (12) and EAN-13 are filled with zeros from the left. A GTIN-14 is taken where it begins with 0; other first
    digits mean a case of several. Blanks and dashes between the digits are what people and printers put there.
    """
    digits = re.sub(r"[\s-]", "", text)
    if not digits.isascii() or not digits.isdigit() or len(digits) not in _LENGTHS:
        return None
    if check_digit(digits[:-1]) != int(digits[-1]) or not int(digits):
        return None
    if len(digits) == 14:
        return digits[1:] if digits[0] == "0" else None
    return digits.zfill(LENGTH)


def expanded(text: str) -> str | None:
    """The 13 digits of a UPC-E of 8 digits: number system, six digits, check digit; None where it is none.

    Source: GS1 General Specifications, section 5.2.2.4.2 (zero suppression).
    """
    if not re.fullmatch(r"[01]\d{7}", text, re.ASCII):
        return None
    system, six, check = text[0], text[1:7], text[7]
    last = six[5]
    if last in "012":
        body = f"{six[:2]}{last}0000{six[2:5]}"
    elif last == "3":
        body = f"{six[:3]}00000{six[3:5]}"
    elif last == "4":
        body = f"{six[:4]}00000{six[4]}"
    else:
        body = f"{six[:5]}0000{last}"
    return normal(system + body + check)


def printed(gtin: str) -> str:
    """As it stands under the bars: EAN-8 as 8 digits, UPC-A as 12, EAN-13 as 13."""
    if gtin.startswith("00000"):
        return gtin[5:]
    return gtin[1:] if gtin.startswith("0") else gtin
