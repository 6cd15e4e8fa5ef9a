"""What members do with their rules: set, change, pause, delete.

Locks are taken in the order of the evaluation: prices that were seen, the rule's watches by key, then the rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, connection, transaction

from apps.accounts.models import User
from apps.alerts import statements
from apps.alerts.crossing import line_of
from apps.alerts.models import (
    LINES,
    MOVES,
    OF_RULES,
    OFFERS,
    PORTFOLIO,
    Comparison,
    Direction,
    Kind,
    Period,
    Rule,
    Watch,
)
from apps.catalog.models import Product, Variant
from apps.core.conditions import Condition
from apps.core.errors import Conflict, DomainError, InvalidInput, NotFound, NotYours

MOST_RULES = 300
MOST_AMOUNT = Decimal("9999999999")
MOST_PERCENT = Decimal(1000)
COOL_DOWNS = {1: "1 hour", 6: "6 hours", 24: "1 day", 72: "3 days", 168: "1 week"}
"""How long a rule is quiet after it fired, in hours."""
CHANGEABLE = ("amount", "comparison", "percent", "period", "direction", "condition", "variant", "cool_down_hours")
_COMPARISONS = {
    Kind.DROP: (Comparison.UNDER, Comparison.AT_MOST),
    Kind.WORTH_DROP: (Comparison.UNDER, Comparison.AT_MOST),
    Kind.RISE: (Comparison.OVER, Comparison.AT_LEAST),
    Kind.WORTH_RISE: (Comparison.OVER, Comparison.AT_LEAST),
}


def default_cool_down(kind: str) -> int:
    """Hours of quiet where nobody says otherwise: offers come and go."""
    return 1 if kind in OFFERS else 24


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody wants to be told of. Without a variant any printing counts; condition None: the usual one of the kind."""

    kind: str
    product: Product | None = None
    variant: Variant | None = None
    condition: str | None = None
    amount: Decimal | None = None
    comparison: str = ""
    percent: Decimal | None = None
    period: str = ""
    direction: str = ""
    currency: str = "USD"
    cool_down_hours: int | None = None
    is_on: bool = True

    def rule_of(self, owner: User) -> Rule:
        """The rule, not saved. Raises InvalidInput naming the field."""
        fields = dict(self.__dict__)
        if self.condition is None:
            fields["condition"] = "" if self.kind in (*OFFERS, *PORTFOLIO) else Condition.NM
        if self.cool_down_hours is None:
            fields["cool_down_hours"] = default_cool_down(self.kind)
        rule = Rule(owner=owner, **fields)
        _settle(rule)
        return rule


def set_rule(*, by: User, kind: str, **fields: object) -> Rule:
    """Be told of something (fields: those of `Wanted`) from now on. What holds already when the rule is set does not fire it.

    Without a variant any printing of the product counts; an empty condition means any, for offers alone.
    Raises InvalidInput (naming the field), Conflict (the same rule is there, or too many).
    """
    (made,) = set_rules(by=by, wanted=[Wanted(kind=kind, **fields)])  # type: ignore[arg-type]
    if isinstance(made, DomainError):
        raise made
    return made


@transaction.atomic
def set_rules(*, by: User, wanted: Sequence[Wanted]) -> list[Rule | DomainError]:
    """Be told of many things from now on: for each the rule, or what stands in its way, which stops none of the others.

    Eight queries, however many there are. Errors: InvalidInput (naming the field), Conflict (the same rule is there or
    twice among these, or too many).
    """
    User.objects.select_for_update(no_key=True).only("pk").get(pk=by.pk)  # new rules of a member one after the other
    known = {_says(rule) for rule in Rule.objects.filter(owner=by).only(*_SAYING)}
    outcomes: list[Rule | DomainError] = []
    for each in wanted:
        try:
            rule = each.rule_of(by)
            if _says(rule) in known:
                raise Conflict("You have this very alert already.")
            if len(known) >= MOST_RULES:
                raise Conflict(f"You have {MOST_RULES} alerts already. Delete one first.")
        except DomainError as error:
            outcomes.append(error)
        else:
            known.add(_says(rule))
            outcomes.append(rule)
    rules = [each for each in outcomes if isinstance(each, Rule)]
    _see_prices([(rule.product_id, rule.variant_id, rule.condition) for rule in rules])
    # A rule that is changed in this very moment may say the same.
    Rule.objects.bulk_create(rules, ignore_conflicts=True)
    made = set(Rule.objects.filter(pk__in=[rule.pk for rule in rules]).values_list("pk", flat=True))
    _watch([rule for rule in rules if rule.pk in made])
    return [
        each if isinstance(each, DomainError) or each.pk in made else Conflict("You have this very alert already.")
        for each in outcomes
    ]


_SAYING = (
    "kind", "product_id", "variant_id", "condition", "amount", "comparison", "percent", "period", "direction", "currency",
)  # fmt: skip


def _says(rule: Rule) -> tuple[object, ...]:
    """What makes two rules of a member the same, as the constraint alert_rule_once has it."""
    return tuple(getattr(rule, name) for name in _SAYING)


@transaction.atomic
def change_rule(*, rule: Rule, by: User, **changes: object) -> Rule:
    """Change what an alert waits for (CHANGEABLE); kind and card stay. It begins anew from the price of now.

    Raises NotYours, InvalidInput, Conflict (another rule says the same).
    """
    variant = changes.get("variant", rule.variant)
    _see_prices([(rule.product_id, getattr(variant, "pk", None), changes.get("condition", rule.condition))])
    rule = _locked(rule, by)
    unknown = set(changes) - set(CHANGEABLE)
    if unknown:
        raise InvalidInput("These fields cannot be changed.", fields=sorted(unknown))
    quiet = rule.watches.order_by("-quiet_until").values_list("quiet_until", flat=True).first()
    for name, value in changes.items():
        setattr(rule, name, value)
    _settle(rule)
    _save(rule)
    rule.watches.all().delete()
    _watch([rule])
    rule.watches.update(quiet_until=quiet)
    return rule


@transaction.atomic
def set_on(*, rule: Rule, on: bool, by: User) -> Rule:
    """Pause an alert, or let it go on from the price of now. Raises NotYours."""
    _see_prices([(rule.product_id, rule.variant_id, rule.condition)])
    rule = _locked(rule, by)
    if rule.is_on != on:
        rule.is_on = on
        rule.save(update_fields=["is_on"])
        rule.watches.all().delete()
        _watch([rule])
    return rule


@transaction.atomic
def delete_rule(*, rule: Rule, by: User) -> None:
    """Forget an alert; what it told stays in the history. Raises NotYours."""
    _locked(rule, by).delete()


def _locked(rule: Rule, by: User) -> Rule:
    """The rule under its locks, in the order in which the evaluation takes them. Raises NotYours, NotFound."""
    if rule.owner_id != by.pk:
        raise NotYours
    list(Watch.objects.select_for_update().filter(rule=rule.pk).order_by("pk").values_list("pk"))
    found = (
        Rule.objects.select_for_update(of=("self",), no_key=True)
        .select_related("product", "variant")
        .filter(pk=rule.pk)
        .first()
    )
    if found is None:
        raise NotFound("This alert is gone.")
    return found


def _settle(rule: Rule) -> None:
    """Check what the kind needs, and leave out what it does not. Raises InvalidInput naming the field."""
    if rule.kind not in OF_RULES:
        raise InvalidInput(f"The kinds of alerts are {', '.join(OF_RULES)}.", field="kind")
    if rule.kind in PORTFOLIO:
        rule.product, rule.variant, rule.condition = None, None, ""
    elif rule.product is None:
        raise InvalidInput("Name the card.", field="product")
    elif rule.variant is not None and rule.variant.product_id != rule.product.pk:
        raise InvalidInput("This printing is one of another card.", field="variant")
    elif rule.condition not in Condition.values and (rule.condition or rule.kind not in OFFERS):
        raise InvalidInput(f"The condition is one of {', '.join(Condition.values)}.", field="condition")
    if rule.cool_down_hours not in COOL_DOWNS:
        raise InvalidInput(f"The pause is one of {', '.join(map(str, COOL_DOWNS))} hours.", field="cool_down_hours")
    _settle_amount(rule)
    _settle_percent(rule)


def _settle_amount(rule: Rule) -> None:
    fitting = _COMPARISONS.get(Kind(rule.kind))
    if rule.kind not in (*LINES, Kind.OFFER):
        rule.amount = None
    if rule.amount is not None and not 0 < rule.amount <= MOST_AMOUNT:
        raise InvalidInput(f"The amount is above zero and at most {MOST_AMOUNT:,}.", field="amount")
    if fitting is None:
        rule.comparison = Comparison.AT_MOST if rule.amount is not None else ""
        return
    if rule.amount is None:
        raise InvalidInput("Say the amount.", field="amount")
    rule.comparison = rule.comparison or fitting[0]
    if rule.comparison not in fitting:
        raise InvalidInput(f"This kind compares with {' or '.join(fitting)}.", field="comparison")
    if line_of(rule.amount, rule.comparison) <= 0:
        raise InvalidInput("No price is under this amount.", field="amount")


def _settle_percent(rule: Rule) -> None:
    if rule.kind not in (*MOVES, Kind.DEAL):
        rule.percent = None
    elif rule.percent is None:
        raise InvalidInput("Say how many percent.", field="percent")
    elif not 1 <= rule.percent <= (99 if rule.kind == Kind.DEAL else MOST_PERCENT):
        raise InvalidInput("The percentage is at least 1; an offer is at most 99 percent under.", field="percent")
    if rule.kind not in MOVES:
        rule.period, rule.direction = "", ""
        return
    rule.period, rule.direction = rule.period or Period.WEEK, rule.direction or Direction.EITHER
    if rule.period not in Period.values:
        raise InvalidInput(f"The period is one of {', '.join(Period.values)}.", field="period")
    if rule.direction not in Direction.values:
        raise InvalidInput(f"The direction is one of {', '.join(Direction.values)}.", field="direction")


def _save(rule: Rule) -> None:
    try:
        with transaction.atomic():
            rule.save()
    except IntegrityError as error:
        if "alert_rule_once" not in str(error):
            raise
        raise Conflict("You have this very alert already.") from None


def _watch(rules: Sequence[Rule]) -> None:
    """Watch what rules are about, from the price of now on."""
    about_cards = [rule.pk for rule in rules if not rule.is_about_inventory]
    about_inventory = [rule.pk for rule in rules if rule.is_about_inventory]
    with connection.cursor() as cursor:
        if about_inventory:
            cursor.execute(statements.ADD_WORTH_WATCHES, {"rules": about_inventory})
        if about_cards:
            cursor.execute(statements.ADD_WATCHES.format(which=statements.OF_RULES), {"rules": about_cards})


def _see_prices(about: Sequence[tuple[object, object, object]]) -> None:
    """Note which prices new watches begin from: of a product, a variant (None: any) and a condition each."""
    cards = [each for each in about if each[0] is not None]
    if not cards:
        return
    products, variants, conditions = map(list, zip(*cards, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(statements.SEE_PRICES, {"products": products, "variants": variants, "conditions": conditions})
