"""Writes to inventories. Each change of a quantity is one row lock, one update and one movement, committed together."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import BinaryIO

from django.db import transaction
from django.db.models import F

from apps.accounts.models import User
from apps.catalog.models import Variant
from apps.core import images, outbox
from apps.core.errors import Conflict, InvalidInput, NotFound, NotYours
from apps.inventory.events import ItemAdded, ItemHandedOver, PhotoAttached
from apps.inventory.models import Binder, InventoryItem, ItemPhoto, Movement

MOST_PHOTOS = 12
MOST_COPIES = 100_000
_EDITABLE = ("condition", "grade_company", "grade", "unit_cost_minor", "currency", "acquired_on", "binder", "notes")


class OutOfStock(Conflict):
    """Fewer copies are free than were asked for."""

    code, message = "OUT_OF_STOCK", "Somebody else was quicker: not enough copies are left."


@transaction.atomic
def add_item(
    *,
    owner: User,
    variant: Variant,
    by: User | None,
    condition: str = "",
    grade_company: str = "",
    grade: Decimal | None = None,
    quantity: int = 1,
    unit_cost_minor: int | None = None,
    currency: str = "USD",
    binder: Binder | None = None,
    notes: str = "",
    acquired_on: dt.date | None = None,
    provenance: dict[str, object] | None = None,
    kind: str = Movement.Kind.ACQUIRED,
    cause: str = "",
) -> InventoryItem:
    """Put copies into an inventory; equal copies (printing, condition, cost, binder) merge into one item.

    With a `cause` the call is safe to repeat: the second one returns the item that the first one changed.
    Raises InvalidInput. Emits inventory.item_added.
    """
    _check_quantity(quantity)
    _check_standing(condition, grade_company, grade)
    if cause:
        # One lock per owner makes two deliveries of the same cause queue up instead of both adding.
        User.objects.select_for_update(no_key=True).get(pk=owner.pk)
        earlier = Movement.objects.filter(item__owner=owner, kind=kind, cause=cause).select_related("item").first()
        if earlier:
            return earlier.item
    item = (
        InventoryItem.objects.select_for_update(of=("self",), no_key=True)
        .filter(
            owner=owner, variant=variant, condition=condition, grade_company=grade_company,
            grade=grade, unit_cost_minor=unit_cost_minor, currency=currency, binder=binder, notes=notes,
            photos__isnull=True, listings__isnull=True,
        )
        .first()
        if grade is None
        else None
    )  # fmt: skip
    if item:
        item.quantity = F("quantity") + quantity
        item.save(update_fields=["quantity"])
        item.refresh_from_db()
    else:
        item = InventoryItem.objects.create(
            owner=owner, variant=variant, condition=condition, grade_company=grade_company,
            grade=grade, quantity=quantity, unit_cost_minor=unit_cost_minor, currency=currency, binder=binder,
            notes=notes, acquired_on=acquired_on, provenance=provenance or {},
        )  # fmt: skip
    _moved(item, kind, quantity=quantity, price=unit_cost_minor, currency=currency, cause=cause, by=by)
    outbox.emit(ItemAdded(item_id=item.pk, owner_id=owner.pk, variant_id=variant.pk, quantity=quantity))
    return item


@transaction.atomic
def adjust_item(*, item: InventoryItem, by: User, quantity: int | None = None, **changes: object) -> InventoryItem:
    """Change what the owner says of an item. Copies that are promised stay. Raises NotYours, InvalidInput, Conflict."""
    item = _locked(item.pk, by)
    unknown = set(changes) - set(_EDITABLE)
    if unknown:
        raise InvalidInput("These fields cannot be changed.", fields=sorted(unknown))
    if item.reserved and {"condition", "grade", "grade_company"} & {
        n for n in changes if changes[n] != getattr(item, n)
    }:
        raise Conflict("A copy is promised to a buyer; its condition cannot change now.")
    before = item.quantity
    for name, value in changes.items():
        setattr(item, name, value)
    if item.grade is not None and not changes.get("condition"):
        item.condition = ""
    _check_standing(item.condition, item.grade_company, item.grade)
    if quantity is not None:
        _check_quantity(quantity)
        if quantity < item.reserved:
            raise Conflict(f"{item.reserved} of these copies are promised to buyers; keep at least as many.")
        item.quantity = quantity
    item.save()
    if item.quantity != before:
        _moved(item, Movement.Kind.ADJUSTED, quantity=item.quantity - before, by=by)
    return item


@transaction.atomic
def remove_item(*, item: InventoryItem, by: User) -> None:
    """Take an item out of the inventory. Its history stays for trades that name it. Raises NotYours, Conflict."""
    item = _locked(item.pk, by)
    if item.reserved:
        raise Conflict("A copy is promised to a buyer. Finish or cancel the trade first.")
    if item.listings.filter(state__in=["active", "paused", "away"]).exists():
        raise Conflict("This is listed for sale. Withdraw the listing first.")
    _moved(item, Movement.Kind.REMOVED, quantity=-item.quantity, by=by)
    item.quantity = 0
    item.save(update_fields=["quantity"])


@transaction.atomic
def reserve(*, item_id: uuid.UUID, quantity: int, cause: str, by: User | None) -> InventoryItem:
    """Promise copies to a buyer. Safe to repeat per cause. Raises OutOfStock when fewer are free."""
    item = _locked(item_id)
    if _happened(item, Movement.Kind.RESERVED, cause):
        return item
    if item.available < quantity:
        raise OutOfStock(asked=quantity, left=item.available)
    item.reserved += quantity
    item.save(update_fields=["reserved"])
    _moved(item, Movement.Kind.RESERVED, reserved=quantity, cause=cause, by=by)
    return item


@transaction.atomic
def release_reservation(*, item_id: uuid.UUID, quantity: int, cause: str, by: User | None) -> InventoryItem:
    """Free promised copies again. Safe to repeat per cause."""
    item = _locked(item_id)
    if _happened(item, Movement.Kind.RELEASED, cause):
        return item
    item.reserved -= quantity
    item.save(update_fields=["reserved"])
    _moved(item, Movement.Kind.RELEASED, reserved=-quantity, cause=cause, by=by)
    return item


@transaction.atomic
def hand_over(
    *,
    item_id: uuid.UUID,
    quantity: int,
    to: User,
    unit_price_minor: int | None,
    currency: str,
    cause: str,
    by: User | None,
) -> InventoryItem:
    """Promised copies leave their owner and appear with another at the price paid (None: not known). Safe to repeat per
    cause.

    Emits inventory.item_handed_over.
    """
    item = _locked(item_id)
    if not _happened(item, Movement.Kind.SOLD, cause):
        item.quantity -= quantity
        item.reserved -= quantity
        item.save(update_fields=["quantity", "reserved"])
        _moved(
            item, Movement.Kind.SOLD, quantity=-quantity, reserved=-quantity, price=unit_price_minor, currency=currency,
            cause=cause, by=by,
        )  # fmt: skip
        outbox.emit(ItemHandedOver(item_id=item.pk, giver_id=item.owner_id, taker_id=to.pk, quantity=quantity))
    return add_item(
        owner=to, variant=item.variant, condition=item.condition, grade_company=item.grade_company, grade=item.grade,
        quantity=quantity, unit_cost_minor=unit_price_minor, currency=currency, by=by, kind=Movement.Kind.BOUGHT,
        cause=f"{cause}:{item.pk}", provenance={"from": "purchase", "cause": cause},
    )  # fmt: skip


def attach_photo(*, item: InventoryItem, upload: BinaryIO, by: User) -> ItemPhoto:
    """Add a picture of the owner's own copy. The same picture twice is one photo.

    Raises NotYours, TooLarge, UnsupportedType, InvalidInput. Emits inventory.photo_attached.
    """
    if item.owner_id != by.pk:
        raise NotYours
    # Decoding a picture takes a while: before the lock, not under it.
    stored = images.accept_upload(upload, folder=f"items/{item.pk}")
    with transaction.atomic():
        item = _locked(item.pk, by)
        photos = list(item.photos.all())
        if earlier := next((photo for photo in photos if photo.digest == stored.digest), None):
            images.remove(stored.name)
            return earlier
        if len(photos) >= MOST_PHOTOS:
            raise InvalidInput(f"An item has at most {MOST_PHOTOS} photos. Remove one first.", field="photo")
        position = photos[-1].position + 1 if photos else 0
        photo = ItemPhoto.objects.create(
            item=item, file=stored.name, width=stored.width, height=stored.height, digest=stored.digest,
            position=position,
        )  # fmt: skip
        outbox.emit(PhotoAttached(item_id=item.pk, photo_id=photo.pk, owner_id=by.pk))
        return photo


@transaction.atomic
def remove_photo(*, item: InventoryItem, photo_id: uuid.UUID, by: User) -> None:
    """Take a picture off the item; one that is gone already stays gone. Raises NotYours.

    The file stays in storage: a case or a listing's page that somebody has open may still show it.
    """
    _locked(item.pk, by).photos.filter(pk=photo_id).delete()


@transaction.atomic
def attach_stored_photo(*, item: InventoryItem, name: str, width: int, height: int) -> ItemPhoto:
    """Add a picture that is in storage already (a scan's crop)."""
    return ItemPhoto.objects.create(item=item, file=name, width=width, height=height, position=item.photos.count())


@transaction.atomic
def create_binder(*, owner: User, name: str) -> Binder:
    """A new binder, or the one of that name. Raises InvalidInput on an empty name."""
    name = " ".join(name.split())
    if not name or len(name) > 60:
        raise InvalidInput("A binder's name has 1 to 60 characters.", field="name")
    return Binder.objects.get_or_create(owner=owner, name=name)[0]


def _check_quantity(quantity: int) -> None:
    if not 1 <= quantity <= MOST_COPIES:
        raise InvalidInput(f"The quantity is a whole number from 1 to {MOST_COPIES:,}.", field="quantity")


def _check_standing(condition: str, company: str, grade: Decimal | None) -> None:
    """A raw copy has a condition, a graded one a company and a grade."""
    if bool(company) != (grade is not None):
        raise InvalidInput("Give both the grading company and the grade.", field="grade")
    if grade is None and not condition:
        raise InvalidInput("Choose a condition, or a grading company and grade.", field="condition")
    if grade is not None and condition:
        raise InvalidInput("A graded copy has its grade instead of a condition.", field="condition")


def _locked(item_id: uuid.UUID, by: User | None = None) -> InventoryItem:
    item = (
        InventoryItem.objects.select_for_update(of=("self",), no_key=True)
        .select_related("variant")
        .filter(pk=item_id)
        .first()
    )
    if item is None:
        raise NotFound("This item is not in the inventory any more.")
    if by is not None and item.owner_id != by.pk:
        raise NotYours
    return item


def _happened(item: InventoryItem, kind: str, cause: str) -> bool:
    return item.movements.filter(kind=kind, cause=cause).exists()


def _moved(
    item: InventoryItem, kind: str, *, by: User | None, quantity: int = 0, reserved: int = 0,
    price: int | None = None, currency: str = "USD", cause: str = "",
) -> None:  # fmt: skip
    Movement.objects.create(
        item=item, kind=kind, quantity_change=quantity, reserved_change=reserved, unit_price_minor=price,
        currency=currency, cause=cause, by=by,
    )  # fmt: skip
