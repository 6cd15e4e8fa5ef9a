"""Condition is TCGplayer's scale; other sites' words map onto it here, in one table. Grades are the graders' own.

Where a price needs one word for the state of a copy, a condition stands as itself and a grade as "PSA 9.5", or as "Grade 9"
where the grader is not told.
"""

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
STATE_LENGTH = 12
"""Characters that the word for a state takes at most."""

# Keys are what `_key` leaves of a site's word: small letters and digits.
# American sites: TCGplayer, Moxfield, Deckbox, Archidekt, TopDecked, Collectr, Delver Lens, Card Kingdom (NM EX VG G).
_WORDS: dict[str, Condition] = {
    **dict.fromkeys(["m", "mint", "mt", "gemmint", "nm", "nmm", "nearmint", "mintnearmint"], Condition.NM),
    **dict.fromkeys(["nearmintmint", "nearmintormint", "unplayed"], Condition.NM),
    **dict.fromkeys(["lp", "lightlyplayed", "lightplayed", "slightlyplayed", "sp", "goodlightlyplayed"], Condition.LP),
    **dict.fromkeys(["ex", "exc", "excellent", "lightplay", "lightlyplayedlp"], Condition.LP),
    **dict.fromkeys(["mp", "moderatelyplayed", "moderateplay", "moderateplayed", "played"], Condition.MP),
    **dict.fromkeys(["vg", "verygood", "gd", "good"], Condition.MP),
    **dict.fromkeys(["hp", "heavilyplayed", "heavyplayed", "heavyplay", "pl", "g"], Condition.HP),
    **dict.fromkeys(["dmg", "damaged", "d", "po", "poor"], Condition.DMG),
}

# Europe's scale has seven steps where ours has five, and grades more strictly below Near Mint: Excellent is our
# Lightly Played, Good our Moderately Played, Light Played and Played are our Heavily Played. Cardmarket writes it as
# words, letters, or 1 to 7 in its stock files; ManaBox and Dragon Shield use its words.
_EUROPEAN: dict[str, Condition] = {
    **dict.fromkeys(["1", "mt", "mint", "2", "nm", "nearmint"], Condition.NM),
    **dict.fromkeys(["3", "ex", "excellent"], Condition.LP),
    **dict.fromkeys(["4", "gd", "good"], Condition.MP),
    **dict.fromkeys(["5", "lp", "lightplayed", "6", "pl", "played"], Condition.HP),
    **dict.fromkeys(["7", "po", "poor"], Condition.DMG),
}
_EUROPEAN_SITES = {"cardmarket", "manabox", "dragonshield"}

# Some exports append the printing to the condition: "Near Mint 1st Edition Holofoil".
_PRINTINGS = re.compile(
    r"(?<=.)(reverseholofoil|holofoil|reverseholo|holo|rainbowfoil|coldfoil|etchedfoil|foil|1stedition|unlimited|limited)$"
)


def _key(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", word.lower())


def condition_from(word: str, site: str = "") -> Condition | None:
    """The condition that a site means by a word or number; None when the word is not known.

    `site` is where the word comes from, as one lower-case word ("cardmarket", "manabox", "dragonshield" grade on the
    European scale). Printings that some exports append ("Near Mint Foil") are ignored.
    """
    key = _key(word)
    while (shorter := _PRINTINGS.sub("", key)) != key:
        key = shorter
    if site in _EUROPEAN_SITES and key in _EUROPEAN:
        return _EUROPEAN[key]
    return _WORDS.get(key)


def grade_from(text: str) -> tuple[GradeCompany, Decimal] | None:
    """Company and grade out of a text such as "PSA 10.0 GEM - MT" or "BGS 9.5"; None for an ungraded copy."""
    match = re.match(r"\s*(PSA|BGS|CGC|SGC|TAG)\s*(10(?:\.0)?|[1-9](?:\.[05])?)(?![\d.]*\d)", text, re.IGNORECASE)
    if not match:
        return None
    return GradeCompany(match[1].upper()), Decimal(match[2]).quantize(Decimal("0.1"))


def state_key(condition: str, company: str = "", grade: Decimal | None = None) -> str:
    """One word for the state of a copy: "NM", "PSA 9.5", or "Grade 9" where the grader is not told."""
    return condition if grade is None else f"{company or 'Grade'} {grade.normalize():f}"


def grade_of(state: str) -> tuple[str, Decimal] | None:
    """Grader ("" where it is not told) and grade out of such a word; None for a condition."""
    company, _, grade = state.partition(" ")
    return ("" if company == "Grade" else company, Decimal(grade)) if grade else None


def graded_state_from(text: str) -> str | None:
    """The word for what a file says of a grade: "PSA 10.0 GEM - MT" is "PSA 10"; None where it says none."""
    named = grade_from(text)
    if named is not None:
        return state_key("", *named)
    match = re.fullmatch(r"\s*(?:grade\s*)?(10(?:\.0)?|[1-9](?:\.[05])?)\s*", text, re.IGNORECASE)
    return state_key("", "", Decimal(match[1])) if match else None
