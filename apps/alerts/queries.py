"""Reads of alerts: a member's rules with the price of now, the history of firings, what a card costs now."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from apps.accounts.models import User
from apps.alerts.models import LINES, PORTFOLIO, Alert, Rule, Watch
from apps.alerts.words import rule_in_words
from apps.catalog.models import Product, ProductImage, Variant
from apps.core.conditions import Condition
from apps.core.errors import NotFound
from apps.core.pagination import Page, Place, newest_first
from apps.inventory import queries as inventory
from apps.valuations.models import CurrentPrice


def _described(owner: User) -> QuerySet[Rule]:
    """Rules with all that a row shows.

    `price_now`: of the printing watched, else of the one that a page shows first. `is_armed`: false where the price stands
    past the line already and has to come back first.
    """
    shown = Variant.objects.filter(product=OuterRef("product")).order_by("-is_default", "pk").values("pk")[:1]
    price = CurrentPrice.objects.filter(
        variant=OuterRef("shown_variant"), condition=OuterRef("price_condition"), currency=OuterRef("currency")
    )
    fired = Alert.objects.filter(rule=OuterRef("pk")).order_by("-created_at")
    picture = ProductImage.objects.filter(product=OuterRef("product"), is_primary=True)
    return (
        Rule.objects.filter(owner=owner)
        .select_related("product__release", "variant")
        .annotate(
            shown_variant=Coalesce("variant", Subquery(shown)),
            price_condition=Case(When(Q(condition=""), then=Value(Condition.NM)), default=F("condition")),
        )
        .annotate(
            price_now=Subquery(price.values("value")[:1]),
            last_fired_at=Subquery(fired.values("at")[:1]),
            is_armed=Exists(Watch.objects.filter(rule=OuterRef("pk"), is_armed=True)),
            image_name=Coalesce(Subquery(picture.values("file")[:1]), Value("")),
        )
    )


def _complete(rules: Sequence[Rule], owner: User) -> None:
    """Put what is told on rules: `words`; the inventory's worth as `price_now` (one query where a rule is about it)."""
    worth: Decimal | None = None
    for rule in rules:
        rule.words = rule_in_words(rule)
        rule.must_come_back = rule.is_on and rule.kind in LINES and not rule.is_armed
        if rule.kind in PORTFOLIO:
            worth = inventory.totals(owner=owner).value if worth is None else worth
            rule.price_now = worth


def rules_page(
    *, owner: User, product_id: uuid.UUID | None = None, limit: int, offset: int = 0, after: Place | None = None
) -> Page[Rule]:
    """A member's rules, newest first; of one card where it is named. Two queries, and one where the inventory is watched."""
    rows = _described(owner)
    if product_id:
        rows = rows.filter(product=product_id)
    page = newest_first(rows, limit=limit, offset=offset, after=after)
    _complete(page.rows, owner)
    return page


def rule_for(*, owner: User, pk: uuid.UUID) -> Rule:
    """One rule of the member. Raises NotFound for others', so that ids tell nothing."""
    rule = _described(owner).filter(pk=pk).first()
    if rule is None:
        raise NotFound("This is not one of your alerts.")
    _complete([rule], owner)
    return rule


def rules_by_id(*, owner: User, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Rule]:
    """Rules of the member with all that is told of them."""
    found = list(_described(owner).filter(pk__in=ids))
    _complete(found, owner)
    return {rule.pk: rule for rule in found}


def history_page(
    *, owner: User, rule_id: uuid.UUID | None = None, limit: int, offset: int = 0, after: Place | None = None
) -> Page[Alert]:
    """What a member was told, newest first, with `price_now` of the same printing in the same condition."""
    rows = Alert.objects.filter(owner=owner)
    if rule_id:
        rows = rows.filter(rule=rule_id)
    price = CurrentPrice.objects.filter(
        variant=OuterRef("variant"), condition=OuterRef("condition"), currency=OuterRef("currency")
    )
    shown = rows.select_related("variant__product__release").annotate(price_now=Subquery(price.values("value")[:1]))
    page = newest_first(shown, limit=limit, offset=offset, after=after)
    worth: Decimal | None = None
    for alert in page.rows:
        if alert.kind in PORTFOLIO:
            worth = inventory.totals(owner=owner).value if worth is None else worth
            alert.price_now = worth
    return page


def counts(*, owner: User) -> dict[str, int]:
    """How many rules of the member are on, and how many there are."""
    return Rule.objects.filter(owner=owner).aggregate(total=Count("pk"), on=Count("pk", filter=Q(is_on=True)))


def no_such_card() -> NotFound:
    """What is said of a card that is not there."""
    return NotFound("There is no such card.")


def card(pk: uuid.UUID) -> Product:
    """A card to be told of, with its set. Raises NotFound."""
    found = cards_by_id([pk]).get(pk)
    if found is None:
        raise no_such_card()
    return found


def cards_by_id(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Product]:
    """Cards to be told of, with their sets."""
    return Product.objects.defer("search").select_related("release", "category").in_bulk(list(ids))


def variants_by_id(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Variant]:
    """Printings to be told of."""
    return Variant.objects.in_bulk(list(ids))


def printings(product: Product) -> list[Variant]:
    """The printings of a card, the one that a page shows first in front."""
    return list(product.variants.order_by("-is_default", "language", "finish", "treatment"))


def price_of(*, product: Product, variant: Variant | None, condition: str, currency: str = "USD") -> Decimal | None:
    """What a card costs now: the printing, else the one that a page shows first. None where nothing is known."""
    rows = CurrentPrice.objects.filter(variant__product=product, condition=condition or Condition.NM, currency=currency)
    rows = rows.filter(variant=variant) if variant else rows.filter(variant__is_default=True)
    return rows.values_list("value", flat=True).first()
