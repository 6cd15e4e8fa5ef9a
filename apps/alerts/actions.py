"""What members do with their rules: set, change, pause, delete.

Locks are taken in the order of the evaluation: prices that were seen, the rule's watches by key, then the rule.
"""

from __future__ import annotations

from decimal import Decimal

from django.db import IntegrityError, connection, transaction

from apps.accounts.models import User
from apps.alerts import statements
from apps.alerts.crossing import line_of
from apps.alerts.models import LINES, MOVES, OFFERS, PORTFOLIO, Comparison, Direction, Kind, Period, Rule, Watch
from apps.catalog.models import Product, Variant
from apps.core.conditions import Condition
from apps.core.errors import Conflict, InvalidInput, NotFound, NotYours

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


@transaction.atomic
def set_rule(
    *,
    by: User,
    kind: str,
    product: Product | None = None,
    variant: Variant | None = None,
    condition: str | None = None,
    amount: Decimal | None = None,
    comparison: str = "",
    percent: Decimal | None = None,
    period: str = "",
    direction: str = "",
    currency: str = "USD",
    cool_down_hours: int | None = None,
) -> Rule:
    """Be told of something from now on. What holds already when the rule is set does not fire it.

    Without a variant any printing of the product counts; an empty condition means any, for offers alone.
    Raises InvalidInput (naming the field), Conflict (the same rule is there, or too many).
    """
    User.objects.select_for_update(no_key=True).only("pk").get(pk=by.pk)  # one new rule of a member at a time
    if Rule.objects.filter(owner=by).count() >= MOST_RULES:
        raise Conflict(f"You have {MOST_RULES} alerts already. Delete one first.")
    if condition is None:
        condition = "" if kind in (*OFFERS, *PORTFOLIO) else Condition.NM
    rule = Rule(
        owner=by,
        kind=kind,
        product=product,
        variant=variant,
        condition=condition,
        amount=amount,
        comparison=comparison,
        percent=percent,
        period=period,
        direction=direction,
        currency=currency,
        cool_down_hours=default_cool_down(kind) if cool_down_hours is None else cool_down_hours,
    )
    _settle(rule)
    _see_prices(rule.product, rule.variant, rule.condition)
    _save(rule)
    _watch(rule)
    return rule


@transaction.atomic
def change_rule(*, rule: Rule, by: User, **changes: object) -> Rule:
    """Change what an alert waits for (CHANGEABLE); kind and card stay. It begins anew from the price of now.

    Raises NotYours, InvalidInput, Conflict (another rule says the same).
    """
    _see_prices(rule.product, changes.get("variant", rule.variant), changes.get("condition", rule.condition))
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
    _watch(rule)
    rule.watches.update(quiet_until=quiet)
    return rule


@transaction.atomic
def set_on(*, rule: Rule, on: bool, by: User) -> Rule:
    """Pause an alert, or let it go on from the price of now. Raises NotYours."""
    _see_prices(rule.product, rule.variant, rule.condition)
    rule = _locked(rule, by)
    if rule.is_on != on:
        rule.is_on = on
        rule.save(update_fields=["is_on"])
        rule.watches.all().delete()
        _watch(rule)
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
    if rule.kind not in Kind.values:
        raise InvalidInput(f"The kinds of alerts are {', '.join(Kind.values)}.", field="kind")
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


def _watch(rule: Rule) -> None:
    """Watch what the rule is about, from the price of now on."""
    with connection.cursor() as cursor:
        if rule.is_about_inventory:
            cursor.execute(statements.ADD_WORTH_WATCH, {"rule": rule.pk})
        else:
            cursor.execute(statements.ADD_WATCHES.format(which=statements.OF_ONE_RULE), {"rule": rule.pk})


def _see_prices(product: Product | None, variant: object, condition: object) -> None:
    """Note which prices a new watch begins from."""
    if product is None:
        return
    which = {"product": product.pk, "variant": getattr(variant, "pk", None), "condition": condition}
    with connection.cursor() as cursor:
        cursor.execute(statements.SEE_PRICES, which)
