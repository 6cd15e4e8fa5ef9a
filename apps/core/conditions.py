"""Condition is TCGplayer's scale; other sites' words map onto it here, in one table. Grades are the graders' own."""

import re
from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _


class Condition(models.TextChoices):
    """How worn a copy is, best first."""

    NM = "NM", _("Near Mint")
    LP = "LP", _("Lightly Played")
    MP = "MP", _("Moderately Played")
    HP = "HP", _("Heavily Played")
    DMG = "DMG", _("Damaged")


class GradeCompany(models.TextChoices):
    """Who graded a slabbed copy."""

    PSA = "PSA", "PSA"
    BGS = "BGS", "BGS"
    CGC = "CGC", "CGC"
    SGC = "SGC", "SGC"
    TAG = "TAG", "TAG"


GRADES = [Decimal(half) / 2 for half in range(2, 21)]

# Keys are what `_key` leaves of a site's word. Sources: TCGplayer, Cardmarket (MT NM EX GD LP PL PO, 1-7 in stock
# files), Deckbox, Moxfield, Dragon Shield, ManaBox, Collectr, Delver Lens, Archidekt, Card Kingdom (NM EX VG G).
# Cardmarket grades more strictly than TCGplayer below Near Mint: EX is LP, GD is MP, LP and PL are HP, PO is DMG.
_WORDS: dict[str, Condition] = {
    **dict.fromkeys(["nm", "nearmint", "nearmintormint", "m", "mint", "mt", "nmm", "mintnearmint", "gemmint"], Condition.NM),
    **dict.fromkeys(["lp", "lightlyplayed", "lightplayed", "slightlyplayed", "sp", "goodlightlyplayed"], Condition.LP),
    **dict.fromkeys(["ex", "excellent", "exc"], Condition.LP),
    **dict.fromkeys(["mp", "moderatelyplayed", "played", "vg", "verygood", "gd", "good"], Condition.MP),
    **dict.fromkeys(["hp", "heavilyplayed", "heavyplayed", "pl", "g"], Condition.HP),
    **dict.fromkeys(["dmg", "damaged", "d", "po", "poor"], Condition.DMG),
}
_CARDMARKET: dict[str, Condition] = {
    "1": Condition.NM, "mt": Condition.NM, "mint": Condition.NM,
    "2": Condition.NM, "nm": Condition.NM, "nearmint": Condition.NM,
    "3": Condition.LP, "ex": Condition.LP, "excellent": Condition.LP,
    "4": Condition.MP, "gd": Condition.MP, "good": Condition.MP,
    "5": Condition.HP, "lp": Condition.HP, "lightplayed": Condition.HP,
    "6": Condition.HP, "pl": Condition.HP, "played": Condition.HP,
    "7": Condition.DMG, "po": Condition.DMG, "poor": Condition.DMG,
}  # fmt: skip


def _key(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", word.lower())


def condition_from(word: str, site: str = "") -> Condition | None:
    """The condition that a site means by a word or number; None when the word is not known.

    `site` is "cardmarket" where its stricter scale applies. Finish words that some exports append
    ("Near Mint Foil", "Lightly Played Holofoil") are ignored.
    """
    key = _key(word)
    for suffix in ("reverseholofoil", "1steditionholofoil", "holofoil", "1stedition", "unlimited", "foil"):
        if key.endswith(suffix) and key != suffix:
            key = key.removesuffix(suffix)
            break
    if site == "cardmarket" and key in _CARDMARKET:
        return _CARDMARKET[key]
    return _WORDS.get(key)


def grade_from(text: str) -> tuple[GradeCompany, Decimal] | None:
    """Company and grade out of a text such as "PSA 10.0 GEM - MT" or "BGS 9.5"; None for an ungraded copy."""
    match = re.match(r"\s*(PSA|BGS|CGC|SGC|TAG)\s*(10(?:\.0)?|[1-9](?:\.[05])?)\b", text, re.IGNORECASE)
    if not match:
        return None
    return GradeCompany(match[1].upper()), Decimal(match[2]).quantize(Decimal("0.1"))
