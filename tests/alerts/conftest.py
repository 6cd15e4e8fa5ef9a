"""A card that is watched: Charizard ex, number 199 of 165, Near Mint at $100.00."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.alerts import actions, evaluation
from apps.alerts.evaluation import Offer, PriceChange
from apps.alerts.models import Alert, Rule
from apps.catalog.models import Product, Variant
from apps.core.ids import uuid7
from apps.valuations.models import CurrentPrice
from tests.factories import make_price, make_product, make_user, make_variant

START = timezone.now() - dt.timedelta(days=100)


@pytest.fixture
def product(db: None) -> Product:
    """Charizard ex 199/165."""
    product = make_product("Charizard ex", number="199", code="mew")
    product.release.total_cards = 165
    product.release.save()
    return product


@pytest.fixture
def variant(product: Product) -> Variant:
    """Its ordinary printing, worth $100.00 in Near Mint since long ago."""
    variant = make_variant(product)
    make_price(variant, "100", computed_at=START)
    return variant


@pytest.fixture
def rule(member: User, variant: Variant) -> Callable[..., Rule]:
    """Sets a rule of the member about the ordinary printing: under $80.00 unless told otherwise."""

    def make(kind: str = "price_drop", *, by: User = member, **fields: object) -> Rule:
        if not kind.startswith("portfolio"):
            fields = {"product": variant.product, "variant": variant} | fields
        if kind == "price_drop" and "amount" not in fields:
            fields["amount"] = Decimal(80)
        return actions.set_rule(by=by, kind=kind, **fields)

    return make


@pytest.fixture
def priced(variant: Variant) -> Callable[..., int]:
    """Brings new prices of the printing, an hour apart unless told otherwise, as one set; how many rules fired."""
    moments = [START]

    def change(*values: str, hours: float = 1, of: Variant = variant, condition: str = "NM", **figures: object) -> int:
        changes = []
        old = CurrentPrice.objects.get(variant=of, condition=condition).value
        for value in map(Decimal, values):
            moments.append(moments[-1] + dt.timedelta(hours=hours))
            changes.append(PriceChange(of.pk, condition, old, value, "USD", moments[-1]))
            old = value
        low_high = {"low": old * Decimal("0.9"), "high": old * Decimal("1.1")}
        CurrentPrice.objects.filter(variant=of, condition=condition).update(
            value=old, computed_at=moments[-1], **low_high, **figures
        )
        change.last = changes
        return evaluation.prices_changed(changes)

    return change


@pytest.fixture
def offered(variant: Variant) -> Callable[..., Offer]:
    """Somebody offers a copy of the printing."""

    def offer(price: str, *, condition: str = "NM", hours: float = 0, **fields: object) -> Offer:
        known = {"listing_id": uuid7(), "seller_id": uuid7(), "variant_id": variant.pk}
        at = START + dt.timedelta(hours=hours)
        made = Offer(**known | fields, condition=condition, price=Decimal(price), currency="USD", at=at)
        offer.fired = evaluation.offers_appeared([made])
        return made

    return offer


@pytest.fixture
def told(member: User) -> Callable[[], list[str]]:
    """What the member was told, oldest first."""
    return lambda: list(Alert.objects.filter(owner=member).order_by("at", "id").values_list("words", flat=True))


@pytest.fixture
def stranger(db: None) -> User:
    """Somebody else."""
    return make_user()
