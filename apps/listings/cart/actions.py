"""Writes to a cart: add, change, keep for later, remove, agree to what changed, apply a plan and undo it, merge."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db import transaction
from django.db.models import F

from apps.accounts.models import User
from apps.core.errors import Conflict, InvalidInput, NotFound
from apps.inventory.actions import OutOfStock
from apps.listings.actions import NotForSale
from apps.listings.cart.models import Cart, CartLine
from apps.listings.models import Listing

MOST_LINES = 200


class CartFull(Conflict):
    """There is no room for another listing."""

    code, message = "CART_FULL", f"A cart holds {MOST_LINES} listings. Check out, or remove some."


def cart_of(*, owner: User | None, visitor_token: str = "") -> Cart | None:
    """The cart of a member, or of a visitor's session; None where there is none yet.

    A member takes over what was put in before signing in: merged by listing, the larger number of copies, the price
    that was agreed to last.
    """
    if owner is None:
        return Cart.objects.filter(visitor_token=visitor_token).first() if visitor_token else None
    if visitor_token and Cart.objects.filter(visitor_token=visitor_token).exists():
        return _claim(owner, visitor_token)
    return Cart.objects.filter(owner=owner).first()


@transaction.atomic
def _claim(owner: User, visitor_token: str) -> Cart | None:
    taken = Cart.objects.select_for_update().filter(visitor_token=visitor_token).first()
    mine = _locked(owner=owner)
    if taken is None:
        return mine
    have = {line.listing_id: line for line in mine.lines.all()}
    for line in taken.lines.exclude(listing__seller=owner).order_by("created_at"):
        own = have.get(line.listing_id)
        if own is not None:
            own.quantity, own.price_minor = max(own.quantity, line.quantity), line.price_minor
            own.is_saved = own.is_saved and line.is_saved
            own.save(update_fields=["quantity", "price_minor", "is_saved"])
        elif len(have) < MOST_LINES:
            line.cart = mine
            line.save(update_fields=["cart"])
            have[line.listing_id] = line
    taken.delete()
    return mine


def _locked(*, owner: User | None, visitor_token: str = "") -> Cart:
    """The cart, made where there is none, one change at a time."""
    whose = {"owner": owner} if owner is not None else {"visitor_token": visitor_token}
    if owner is None and not visitor_token:
        raise InvalidInput("A cart belongs to a member or to a session.")
    Cart.objects.get_or_create(**whose)
    return Cart.objects.select_for_update().get(**whose)


@transaction.atomic
def add(*, listing_id: uuid.UUID, quantity: int, by: User | None, visitor_token: str = "") -> CartLine:
    """Put copies into the cart of a member or of a session; more of what is there already are added up.

    Nothing is reserved. Raises NotFound, NotForSale, OutOfStock (no more are offered), InvalidInput, CartFull.
    """
    listing = Listing.objects.filter(pk=listing_id).first()
    if listing is None:
        raise NotFound("This listing is gone.")
    if listing.state != Listing.State.ACTIVE:
        raise NotForSale
    if by is not None and listing.seller_id == by.pk:
        raise InvalidInput("This is your own listing.")
    if quantity < 1:
        raise InvalidInput("Take at least one copy.", field="quantity")
    cart = _locked(owner=by, visitor_token=visitor_token)
    line = cart.lines.filter(listing=listing).first()
    have = line.quantity if line is not None and not line.is_saved else 0
    if have + quantity > listing.quantity:
        raise OutOfStock(f"Only {listing.quantity} are for sale.", asked=have + quantity, left=listing.quantity)
    if line is None:
        if cart.lines.count() >= MOST_LINES:
            raise CartFull
        line = CartLine(cart=cart, listing=listing)
    line.quantity, line.price_minor, line.is_saved = have + quantity, listing.price_minor, False
    line.save()
    _touched(cart)
    return line


@transaction.atomic
def change(*, line: CartLine, quantity: int | None = None, is_saved: bool | None = None) -> CartLine:
    """Another number of copies, or keep it for later, or take it back in. Raises OutOfStock, InvalidInput."""
    if quantity is not None:
        if quantity < 1:
            raise InvalidInput("Take at least one copy, or remove the line.", field="quantity")
        if quantity > line.listing.quantity:
            raise OutOfStock(f"Only {line.listing.quantity} are for sale.", asked=quantity, left=line.listing.quantity)
        line.quantity = quantity
    if is_saved is not None:
        line.is_saved = is_saved
    line.save(update_fields=["quantity", "is_saved"])
    _touched(line.cart)
    return line


@transaction.atomic
def remove(*, line: CartLine) -> None:
    """Take a line out."""
    line.delete()
    _touched(line.cart)


@transaction.atomic
def accept_changes(*, cart: Cart) -> None:
    """Agree to all that changed: new prices and smaller numbers are taken, what is gone leaves the cart."""
    lines = cart.lines.filter(is_saved=False)
    lines.exclude(listing__state=Listing.State.ACTIVE).delete()
    if cart.owner_id:
        lines.filter(listing__seller=cart.owner_id).delete()
    for line in lines.select_related("listing").select_for_update(of=("self",)):
        line.quantity = min(line.quantity, line.listing.quantity)
        line.price_minor = line.listing.price_minor
        line.save(update_fields=["quantity", "price_minor"])
    _touched(cart)


@transaction.atomic
def apply_plan(*, cart: Cart, picks: Sequence[tuple[uuid.UUID, int, int]], keep: Sequence[uuid.UUID] = ()) -> None:
    """Replace what is to be bought by a plan's (listing, copies, price as shown); `undo` brings the former back.

    keep: listings whose lines stay as they are. A price that has changed since shows as a change, as in any line.
    Raises InvalidInput, CartFull.
    """
    cart = Cart.objects.select_for_update().get(pk=cart.pk)
    if any(copies < 1 for _, copies, _ in picks):
        raise InvalidInput("A plan has at least one copy of each listing.")
    here = cart.lines.filter(is_saved=False)
    before = [[str(line.listing_id), line.quantity, line.price_minor] for line in here]
    here.exclude(listing__in=keep).delete()
    _fill(cart, picks)
    cart.before = before
    cart.save(update_fields=["before", "updated_at"])


@transaction.atomic
def take_plan(*, by: User | None, picks: Sequence[tuple[uuid.UUID, int, int]], visitor_token: str = "") -> Cart:
    """Make a plan what is meant to be bought, in a cart that is made where there is none. See `apply_plan`."""
    cart = _locked(owner=by, visitor_token=visitor_token)
    apply_plan(cart=cart, picks=picks)
    return cart


@transaction.atomic
def undo(*, cart: Cart) -> None:
    """Put back what a plan replaced. Raises Conflict where there is nothing to undo."""
    cart = Cart.objects.select_for_update().get(pk=cart.pk)
    if cart.before is None:
        raise Conflict("There is nothing to undo.")
    cart.lines.filter(is_saved=False).delete()
    _fill(cart, [(uuid.UUID(listing), copies, minor) for listing, copies, minor in cart.before])
    cart.before = None
    cart.save(update_fields=["before", "updated_at"])


def _fill(cart: Cart, picks: Sequence[tuple[uuid.UUID, int, int]]) -> None:
    known = set(Listing.objects.filter(pk__in=[pick[0] for pick in picks]).values_list("pk", flat=True))
    have = {line.listing_id: line for line in cart.lines.all()}
    for listing, copies, minor in picks:
        line = have.get(listing) or CartLine(cart=cart, listing_id=listing)
        line.quantity, line.price_minor, line.is_saved = copies, minor, False
        if listing in known:
            line.save()
            have[listing] = line
    if len(have) > MOST_LINES:
        raise CartFull


@transaction.atomic
def bought(*, owner: User, copies: dict[uuid.UUID, int]) -> None:
    """Take what was bought out of the member's cart; of more copies than were bought the rest stays."""
    for line in CartLine.objects.select_for_update().filter(cart__owner=owner, listing__in=copies):
        if line.quantity <= copies[line.listing_id]:
            line.delete()
        else:
            CartLine.objects.filter(pk=line.pk).update(quantity=F("quantity") - copies[line.listing_id])
    Cart.objects.filter(owner=owner).update(before=None)


def line_of(*, cart: Cart | None, pk: uuid.UUID) -> CartLine:
    """One line of the cart. Raises NotFound for everybody else."""
    line = cart and cart.lines.select_related("listing", "cart").filter(pk=pk).first()
    if not line:
        raise NotFound("This is not in your cart.")
    return line


def _touched(cart: Cart) -> None:
    """What was changed by hand cannot be undone as a plan any more."""
    cart.before = None
    cart.save(update_fields=["before", "updated_at"])
