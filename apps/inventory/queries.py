"""Reads of inventories: the list with values and prices' age, one item with its history, totals."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import (
    CharField,
    Count,
    DecimalField,
    ExpressionWrapper,
    F,
    FilteredRelation,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce

from apps.accounts.models import User
from apps.catalog.models import ProductImage
from apps.core.errors import NotFound
from apps.core.pagination import Page, Place, newest_first
from apps.inventory.models import Binder, InventoryItem, ItemPhoto
from apps.valuations.models import CurrentPrice

STALE_AFTER = dt.timedelta(days=14)  # a price older than this looks it
SORTS = {
    "newest": ["-created_at"],
    "name": ["variant__product__name", "variant__product__release__name"],
    "value": [F("line_value").desc(nulls_last=True)],
    "quantity": ["-quantity"],
}


@dataclass(frozen=True)
class Totals:
    """What an inventory holds: copies, cost of those whose cost is known, value of those that have a price."""

    items: int
    copies: int
    cost: Decimal
    value: Decimal
    cost_of_valued: Decimal
    value_with_cost: Decimal
    unpriced: int

    @property
    def gain(self) -> Decimal:
        """Value against cost, over copies that have both."""
        return self.value_with_cost - self.cost_of_valued


def _with_values(owner: User) -> QuerySet[InventoryItem]:
    """Items with unit value (fair value in their condition or grade), line value and age."""
    state = Func("condition", "grade_company", "grade", function="valuations_state", output_field=CharField())
    price = CurrentPrice.objects.filter(variant=OuterRef("variant"), condition=OuterRef("state"))
    money = DecimalField(max_digits=16, decimal_places=2)
    return (
        InventoryItem.objects.filter(owner=owner, quantity__gt=0)
        .annotate(state=state)
        .annotate(
            unit_value=Subquery(price.values("value")[:1]),
            value_method=Subquery(price.values("method")[:1]),
            value_low=Subquery(price.values("low")[:1]),
            value_high=Subquery(price.values("high")[:1]),
            value_confidence=Subquery(price.values("confidence")[:1]),
            value_currency=Subquery(price.values("currency")[:1]),
            value_observed_at=Subquery(price.values("observed_at")[:1]),
            unit_change_30d=Subquery(price.values("change_30d")[:1]),
        )
        .annotate(
            line_value=ExpressionWrapper(F("unit_value") * F("quantity"), output_field=money),
            line_cost=ExpressionWrapper(F("unit_cost_minor") * F("quantity") / Decimal(100), output_field=money),
        )
    )


def items_page(
    *,
    owner: User,
    text: str = "",
    binder: uuid.UUID | None = None,
    condition: str = "",
    category: str = "",
    sort: str = "newest",
    limit: int = 50,
    offset: int = 0,
    after: Place | None = None,
) -> Page[InventoryItem]:
    """One page of an inventory with all that the table shows; two queries besides the photos'.

    after: what follows a place, the newest first.
    """
    rows = narrowed(_with_values(owner), text=text, binder=binder, condition=condition, category=category)
    total = rows.count() if after is None else 0
    rows = rows.annotate(
        # At most one open listing per item (a constraint of listings), so that the join adds no rows.
        open_listing=FilteredRelation("listings", condition=Q(listings__state__in=["active", "paused"])),
        listing_state=F("open_listing__state"),
        listing_id=F("open_listing__pk"),
        listing_price_minor=F("open_listing__price_minor"),
        image_name=_image_name(),
    ).select_related("variant__product__release", "variant__product__category", "binder")
    if after is not None:
        return newest_first(rows, limit=limit, after=after)
    ordered = rows.order_by(*SORTS.get(sort, SORTS["newest"]), "-pk")
    return Page(list(ordered[offset : offset + limit]), total, limit, offset)


def narrowed(
    rows: QuerySet[InventoryItem],
    *,
    text: str = "",
    binder: uuid.UUID | None = None,
    condition: str = "",
    category: str = "",
) -> QuerySet[InventoryItem]:
    """The items that the filters of the inventory leave."""
    for word in text.replace("\0", " ").split():
        rows = rows.filter(
            Q(variant__product__name__icontains=word)
            | Q(variant__product__number__istartswith=word)
            | Q(variant__product__release__name__icontains=word)
            | Q(notes__icontains=word)
        )
    if binder:
        rows = rows.filter(binder_id=binder)
    if condition:
        rows = rows.filter(grade__isnull=False) if condition == "graded" else rows.filter(condition=condition)
    if category:
        rows = rows.filter(variant__product__category__path__startswith=category)
    return rows


def _image_name() -> Coalesce:
    """The picture to show: the owner's own photo, else the catalogue's."""
    own = ItemPhoto.objects.filter(item=OuterRef("pk"))
    reference = ProductImage.objects.filter(product=OuterRef("variant__product"), is_primary=True)
    return Coalesce(Subquery(own.values("file")[:1]), Subquery(reference.values("file")[:1]), Value(""))


def totals(*, owner: User) -> Totals:
    """The whole inventory in one query."""
    both = Q(unit_value__isnull=False, unit_cost_minor__isnull=False)
    found = _with_values(owner).aggregate(
        items=Count("pk"),
        copies=Coalesce(Sum("quantity"), 0),
        cost=Coalesce(Sum("line_cost"), Decimal(0)),
        value=Coalesce(Sum("line_value"), Decimal(0)),
        cost_of_valued=Coalesce(Sum("line_cost", filter=both), Decimal(0)),
        value_with_cost=Coalesce(Sum("line_value", filter=both), Decimal(0)),
        unpriced=Count("pk", filter=Q(unit_value__isnull=True)),
    )
    return Totals(**found)


def item_for(*, owner: User, pk: uuid.UUID) -> InventoryItem:
    """One item of the owner with its value. Raises NotFound for others' items, so that ids tell nothing."""
    item = (
        _with_values(owner)
        .annotate(image_name=_image_name())
        .select_related("variant__product__release", "variant__product__category", "binder")
        .filter(pk=pk)
        .first()
    )
    if item is None:
        raise NotFound("This item is not in your inventory.")
    return item


def binders(*, owner: User) -> QuerySet[Binder]:
    """The owner's binders with how many items each has."""
    return Binder.objects.filter(owner=owner).annotate(count=Count("items", filter=Q(items__quantity__gt=0)))
