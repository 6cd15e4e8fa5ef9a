"""The one table of rules: what each looks at, which others say the same, and what it means. docs/risk.md is drawn from it.

Weights and limits stand in the settings (RISK). Pure; nothing here asks the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class About(StrEnum):
    """What is judged."""

    LISTING = "listing"
    PAYMENT = "payment"
    SWAP = "swap"


class Verdict(StrEnum):
    """What follows from a score."""

    PASS = "pass"  # noqa: S105 - no password
    REVIEW = "review"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Rule:
    """One signal. Of one family only the strongest counts, since they tell of the same thing."""

    family: str
    about: frozenset[About]
    title: str
    meaning: str


_L, _P, _S = About.LISTING, About.PAYMENT, About.SWAP
_DEALS = frozenset({_P, _S})
_ALL = frozenset(About)

RULES: Mapping[str, Rule] = {
    "same-card": Rule("card", _DEALS, "Same card", "Both have paid with the same card."),
    "passed-card": Rule("card", frozenset({_P}), "Card of several members", "Other members have paid with this card."),
    "same-bank": Rule("bank", _DEALS, "Same payout account", "Both are paid out to the same bank account."),
    "same-address": Rule("home", _DEALS, "Same address", "Both have had parcels sent to the same address."),
    "same-household": Rule("home", _DEALS, "Same family name and postcode", "They may live together."),
    "same-device": Rule("machine", _DEALS, "Same device", "Both have signed in from the same browser."),
    "same-network": Rule("machine", _DEALS, "Same network", "Both have come from the same network."),
    "many-payments": Rule("pace", frozenset({_P}), "Many payments", "More payments were begun than members begin."),
    "many-cards": Rule("cards", frozenset({_P}), "Many cards", "More cards in a day than a member has."),
    "many-listings": Rule("pace", frozenset({_L}), "Many listings", "More was listed than members list."),
    "many-addresses": Rule("addresses", _DEALS, "Many addresses", "More new addresses in a day than members have."),
    "many-sign-ups": Rule(
        "origin", _ALL, "Sign-ups from one network", "A young account, one of many from its network on one day."
    ),
    "new-and-dear": Rule("stakes", _ALL, "New and dear", "A young account, and much at stake."),
    "linked-to-refused": Rule(
        "record", _ALL, "Linked to somebody refused", "Shares a card, payout account, device or address with them."
    ),
    "photo-of-another": Rule(
        "photo", frozenset({_L}), "Photo of another member", "The photograph is one of an earlier listing."
    ),
}


@dataclass(frozen=True)
class Found:
    """A rule that fired. words: for moderators; evidence: what it rests on, in plain values; digests are cut short."""

    rule: str
    words: str
    evidence: Mapping[str, object]


def score_of(rules: Iterable[str], weights: Mapping[str, int]) -> int:
    """0 to 100: what is left of innocence after each family's strongest sign, 100 * (1 - product of (1 - weight / 100)).

    Rounded down. More signs never make it smaller; signs of one family count once. Known as noisy-or: Pearl,
    "Probabilistic Reasoning in Intelligent Systems", 1988, 4.3.2.
    """
    left = 1
    strongest = _strongest(rules, weights)
    for weight in strongest.values():
        left *= 100 - weight
    whole = 100 ** len(strongest)
    return 100 * (whole - left) // whole


def verdict_of(rules: Iterable[str], weights: Mapping[str, int], *, review_at: int, refuse_at: int) -> Verdict:
    """What follows. Nothing is refused on signs of one family, however strong they are."""
    rules = list(rules)
    score = score_of(rules, weights)
    if score >= refuse_at and len(_strongest(rules, weights)) > 1:
        return Verdict.REFUSE
    return Verdict.REVIEW if score >= review_at else Verdict.PASS


def _strongest(rules: Iterable[str], weights: Mapping[str, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for rule in rules:
        if weights[rule]:
            family = RULES[rule].family
            found[family] = max(weights[rule], found.get(family, 0))
    return found
