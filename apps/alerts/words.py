"""What a rule waits for and what a firing says, in words. Pure; amounts as pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from apps.alerts.models import Comparison, Direction, Kind, Period, Rule
from apps.catalog.models import Finish
from apps.core.money import Money
from apps.core.numbers import printed_number

_PERIODS = {Period.DAY: "24 hours", Period.WEEK: "7 days", Period.MONTH: "30 days"}
_MOVES = {Direction.UP: "rises", Direction.DOWN: "falls", Direction.EITHER: "moves"}


@dataclass(frozen=True)
class Firing:
    """One firing as the evaluation found it. `before`: the price before, or the fair value that an offer is under."""

    rule_id: object
    owner_id: object
    kind: str
    variant_id: object
    condition: str
    before: Decimal | None
    value: Decimal
    percent: Decimal | None
    currency: str
    at: object
    listing_id: object
    amount: Decimal | None
    comparison: str
    period: str
    name: str | None
    number: str | None
    total_cards: int | None
    finish: str | None
    treatment: str | None
    language: str | None

    @property
    def cause(self) -> str:
        """What fired it: a rule fires once for each."""
        if self.listing_id:
            return f"listing:{self.listing_id}"
        if self.variant_id is None:
            return f"inventory:{self.at.isoformat()}"  # type: ignore[attr-defined]
        return f"price:{self.variant_id}:{self.condition}:{self.at.isoformat()}"  # type: ignore[attr-defined]


def money(amount: Decimal, currency: str) -> str:
    """As on every page: $1,234.50."""
    return str(Money.from_decimal(amount, currency))


def percentage(percent: Decimal) -> str:
    """12.5 %, and 10 % for a whole number."""
    shown = f"{abs(percent):,.1f}".removesuffix(".0")
    return f"{shown} %"


def card_name(name: str, number: str, total_cards: int | None) -> str:
    """A card as collectors write it: Charizard ex 199/165."""
    of = f"/{total_cards}" if total_cards and number.isdigit() else ""
    return f"{name} {printed_number(number)}{of}"


def printing(finish: str, treatment: str, language: str) -> str:
    """What sets a printing apart, empty for the ordinary one in English."""
    shown = "" if finish == Finish.NORMAL else str(Finish(finish).label)
    return ", ".join(filter(None, [shown, treatment, "" if language == "en" else language.upper()]))


def subject_of(rule: Rule) -> str:
    """What a rule is about: a card in a printing and condition, or the inventory. Needs product, release and variant."""
    if rule.is_about_inventory:
        return "my inventory"
    product = rule.product
    name = card_name(product.name, product.number, product.release.total_cards)
    if rule.variant is None:
        name = f"any printing of {name}"
    elif told := printing(rule.variant.finish, rule.variant.treatment, rule.variant.language):
        name = f"{name} {told}"
    return f"{name} {rule.condition}".rstrip() if rule.condition else f"{name} in any condition"


def rule_in_words(rule: Rule) -> str:
    """A rule as its owner would say it. Needs product, release and variant."""
    subject, amount = subject_of(rule), None if rule.amount is None else money(rule.amount, rule.currency)
    if rule.kind in (Kind.DROP, Kind.WORTH_DROP):
        line = f"falls under {amount}" if rule.comparison == Comparison.UNDER else f"falls to {amount} or less"
        return f"Tell me when {subject} {line}"
    if rule.kind in (Kind.RISE, Kind.WORTH_RISE):
        line = f"rises above {amount}" if rule.comparison == Comparison.OVER else f"rises to {amount} or more"
        return f"Tell me when {subject} {line}"
    if rule.kind == Kind.OFFER:
        return f"Tell me when {subject} is for sale" + (f" at {amount} or less" if amount else "")
    if rule.kind == Kind.DEAL:
        return f"Tell me when {subject} is offered at least {percentage(rule.percent)} under fair value"
    moves = _MOVES[Direction(rule.direction)]
    return f"Tell me when {subject} {moves} by {percentage(rule.percent)} or more in {_PERIODS[Period(rule.period)]}"


def firing_in_words(firing: Firing) -> str:
    """What happened, with the figures of that moment."""
    value = money(firing.value, firing.currency)
    if firing.kind == Kind.OFFER:
        return f"{_thing(firing)} is for sale at {value}."
    if firing.kind == Kind.DEAL:
        fair = money(firing.before, firing.currency)
        return f"{_thing(firing)} is offered at {value}, {percentage(firing.percent)} under its fair value of {fair}."
    if firing.kind in (Kind.MOVE, Kind.WORTH_MOVE):
        went = "rose" if firing.percent > 0 else "fell"
        since = "" if firing.before is None else f" from {money(firing.before, firing.currency)}"
        over = _PERIODS[Period(firing.period)]
        return f"{_thing(firing)} {went} by {percentage(firing.percent)} in {over},{since} to {value}."
    falling = firing.kind in (Kind.DROP, Kind.WORTH_DROP)
    line = money(firing.amount, firing.currency)
    before = "" if firing.before is None else f" It was {money(firing.before, firing.currency)} before."
    if firing.value == firing.amount:
        return f"{_thing(firing)} {'fell' if falling else 'rose'} to {value}, your line.{before}"
    return f"{_thing(firing)} {'fell' if falling else 'rose'} to {value}, {'under' if falling else 'above'} your {line}.{before}"


def _thing(firing: Firing) -> str:
    if firing.name is None:
        return "Your inventory"
    name = card_name(firing.name, firing.number or "", firing.total_cards)
    told = printing(firing.finish or Finish.NORMAL, firing.treatment or "", firing.language or "en")
    return " ".join(filter(None, [name, told, firing.condition or "(graded)"]))
