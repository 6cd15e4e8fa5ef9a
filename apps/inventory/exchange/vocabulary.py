"""How sites spell what a line says: languages, finishes, amounts, days, quantities. Pure; conditions: core.conditions."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation

from apps.catalog.importers.rows import finish_from as printing_from
from apps.catalog.models import Finish
from apps.core.money import Money
from apps.inventory.actions import MOST_COPIES

# ISO code: English name, Cardmarket's number, and every other spelling that exports use.
_LANGUAGES: dict[str, tuple[str, str, str]] = {
    "en": ("English", "1", "eng us uk gb"),
    "fr": ("French", "2", "fre fra francais"),
    "de": ("German", "3", "ger deu deutsch"),
    "es": ("Spanish", "4", "sp spa espanol"),
    "it": ("Italian", "5", "ita italiano"),
    "zh": ("Chinese", "6", "cs zhs zhcn zhhans cn simplifiedchinese chinesesimplified schinese"),
    "ja": ("Japanese", "7", "jp jpn jap"),
    "pt": ("Portuguese", "8", "por ptbr br portugues"),
    "ru": ("Russian", "9", "rus"),
    "ko": ("Korean", "10", "kr kor"),
    "zh-tw": ("Traditional Chinese", "11", "ct zht zhhant tw chinesetraditional tchinese"),
    "nl": ("Dutch", "12", "dut nld nederlands"),
    "pl": ("Polish", "13", "pol polski"),
    "id": ("Indonesian", "14", "ind"),
    "th": ("Thai", "15", "tha"),
}
NAMES = {code: name for code, (name, _, _) in _LANGUAGES.items()}
CARDMARKET_LANGUAGES = {code: number for code, (_, number, _) in _LANGUAGES.items() if int(number) <= 11}
_WORDS = {
    re.sub(r"[^a-z]", "", word.lower()): code
    for code, (name, _, others) in _LANGUAGES.items()
    for word in (code, name, *others.split())
}
_NUMBERS = {number: code for code, number in CARDMARKET_LANGUAGES.items()}

_MORE_FINISHES = {
    **dict.fromkeys(
        ["true", "yes", "y", "1", "x", "doublerainbowfoil", "gildedfoil", "galaxyfoil", "surgefoil"], "foil"
    ),
    **dict.fromkeys(["traditionalfoil", "texturedfoil", "confettifoil", "halofoil", "premium"], "foil"),
    **dict.fromkeys(["false", "no", "n", "0", "none", "standard", "nonholo"], "normal"),
}
_SYMBOLS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
_DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%b %d %Y", "%d %b %Y", "%B %d, %Y", "%d-%b-%Y")


def language_from(word: str, *, site: str = "") -> str | None:
    """ISO code of a language as a site writes it (Cardmarket: 1 to 11); None when it is not known."""
    if site == "cardmarket" and word in _NUMBERS:
        return _NUMBERS[word]
    return _WORDS.get(re.sub(r"[^a-z]", "", word.lower()))


def finish_from(word: str) -> Finish | None:
    """The finish that a word or a yes and no means; None when it is not known."""
    key = re.sub(r"[^a-z0-9]", "", word.lower())
    return Finish(_MORE_FINISHES[key]) if key in _MORE_FINISHES else printing_from(word)


def is_yes(word: str) -> bool:
    """Whether a flag's cell is set."""
    return word.strip().lower() not in ("", "0", "false", "no", "n", "-")


def quantity_from(word: str) -> int:
    """A whole number of copies; also written 4x, x4 or 4.0. Raises ValueError."""
    match = re.fullmatch(r"x?\s*(\d{1,9})(?:[.,]0+)?\s*x?", word.strip().lower())
    if not match or not 0 <= int(match[1]) <= MOST_COPIES:
        raise ValueError(f"{word!r} is not a number of copies from 1 to {MOST_COPIES:,}")
    return int(match[1])


def amount_from(word: str, *, currency: str) -> tuple[int, str]:
    """Minor units and currency of an amount: $1,234.50, 1.234,50 €, 12. Its own symbol or code goes before `currency`.

    The last of comma and point is the decimal one, unless exactly three digits follow the only one and it is a comma.
    Raises ValueError.
    """
    text = word.replace("\u00a0", "").replace("\u202f", "").replace(" ", "").strip()
    for symbol, code in _SYMBOLS.items():
        if symbol in text:
            text, currency = text.replace(symbol, ""), code
    if match := re.search(r"[A-Za-z]{3}", text):
        text, currency = text.replace(match[0], ""), match[0].upper()
    if re.fullmatch(r"\d{1,3}(,\d{3})+", text):
        text = text.replace(",", "")
    elif text.rfind(",") > text.rfind("."):
        text = text.replace(".", "").replace(",", ".")
    else:
        text = text.replace(",", "")
    try:
        if not re.fullmatch(r"\d{0,10}(\.\d*)?", text) or not text.strip("."):
            raise InvalidOperation
        return Money.from_decimal(Decimal(text), currency).amount_minor, currency
    except (InvalidOperation, ValueError):
        raise ValueError(f"{word!r} is not an amount of money") from None


def day_from(word: str) -> dt.date:
    """A day, as exports write it: 2026-05-15 with or without a time, 15.05.2026, Fri May 15 2026 16:43 ..., 5/15/2026.

    With slashes the parts are told apart only where one of them is over 12 or both are equal. Raises ValueError.
    """
    text = re.sub(r"^[A-Za-z]{3,9},? (?=[A-Za-z]{3} \d|\d)", "", word.strip())
    text = re.split(r"[T ]\d{1,2}:\d{2}", text)[0].strip()
    if match := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text):
        first, second, year = map(int, match.groups())
        if first > 12:
            return dt.date(year, second, first)
        if second > 12 or first == second:
            return dt.date(year, first, second)
        raise ValueError(f"{word!r} may be two days; write it as {year}-{first:02}-{second:02} or the other way round")
    for pattern in _DAYS:
        try:
            return dt.datetime.strptime(text, pattern).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise ValueError(f"{word!r} is not a day; write it as 2026-05-15")
