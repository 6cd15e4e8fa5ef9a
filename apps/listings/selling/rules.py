"""Rules of repricing that a seller keeps under a name."""

from __future__ import annotations

import uuid
from dataclasses import asdict

from django.db import transaction

from apps.accounts.models import User
from apps.core.errors import Conflict, InvalidInput, NotFound, NotYours
from apps.listings.selling.models import RepricingRule
from apps.listings.selling.pricing import PriceRule

MOST_RULES = 50


@transaction.atomic
def keep_rule(*, by: User, name: str, rule: PriceRule) -> RepricingRule:
    """Keep a rule; one of the same name is replaced. Raises InvalidInput (no name, or the rule says why), Conflict (too many)."""
    name = " ".join(name.replace("\x00", " ").split())
    if not 1 <= len(name) <= 60:
        raise InvalidInput("A rule’s name has 1 to 60 characters.", field="name")
    if wrong := rule.wrong():
        raise InvalidInput(wrong, field="kind")
    User.objects.select_for_update(no_key=True).only("pk").get(pk=by.pk)  # one at a time for a member
    if by.repricing_rules.exclude(name=name).count() >= MOST_RULES:
        raise Conflict(f"You keep {MOST_RULES} rules already. Forget one first.")
    return RepricingRule.objects.update_or_create(seller=by, name=name, defaults={"rule": asdict(rule)})[0]


@transaction.atomic
def forget_rule(*, rule: RepricingRule, by: User) -> None:
    """Forget a kept rule. Raises NotYours."""
    if rule.seller_id != by.pk:
        raise NotYours
    rule.delete()


def own_rule(*, seller: User, pk: uuid.UUID) -> RepricingRule:
    """One rule of the seller. Raises NotFound for everybody else."""
    found = RepricingRule.objects.filter(seller=seller, pk=pk).first()
    if found is None:
        raise NotFound("This is not one of your rules.")
    return found


def rules_of(*, seller: User) -> list[RepricingRule]:
    """The seller's rules by name."""
    return list(seller.repricing_rules.all())


def rule_of(kept: RepricingRule) -> PriceRule:
    """The rule itself."""
    return PriceRule(**kept.rule)
