"""Writes of checkout: place an order out of the cart, one trade for each seller, and start what is to be paid.

Each seller's parcel is a transaction of its own: what fails is said there and the rest stands. Locks are taken in one
order: order's parcel, listing by its item's id, item by id.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from apps.accounts.blocks.queries import check_not_blocked
from apps.accounts.models import Address, User
from apps.accounts.restrictions.models import From
from apps.accounts.restrictions.queries import check_may
from apps.core import outbox
from apps.core.errors import Conflict, DomainError, InvalidInput
from apps.core.money import Money
from apps.escrow import actions as escrow
from apps.escrow import fees
from apps.escrow.models import HoldState
from apps.inventory import actions as inventory
from apps.listings import actions as listings
from apps.listings.cart import actions as carts
from apps.listings.cart.parcels import ParcelKey, postage
from apps.listings.cart.queries import lines_of
from apps.listings.models import Listing
from apps.risk import actions as risk
from apps.trades import actions as trades
from apps.trades.addresses import kept_address
from apps.trades.checkout.models import Order, OrderParcel
from apps.trades.events import TradeCreated
from apps.trades.models import Trade, TradeLine

MOST_PARCELS = 25


class NothingToBuy(Conflict):
    """The cart has none of the parcels that were confirmed."""

    code, message = "NOTHING_TO_BUY", "Your cart has nothing of this any more."


class CostsMore(Conflict):
    """A parcel would cost more than what was confirmed."""

    code, message = "COSTS_MORE", "It costs more now than what you have confirmed."


def place_order(
    *, by: User, ship_to: Address | dict[str, str], agreed: Mapping[ParcelKey, int], request_key: str
) -> Order:
    """Turn the cart's parcels into trades with their copies reserved until the deadline to pay.

    agreed: for each parcel the total that the buyer has confirmed; no seller's total is ever above it, and parcels that
    are not named stay in the cart. The same request_key of the same buyer is the same order; where it was interrupted
    it goes on. What is refused is on its OrderParcel. Raises InvalidInput, NothingToBuy.
    """
    if not request_key:
        raise InvalidInput("An order needs a request_key.", field="request_key")
    order = Order.objects.filter(buyer=by, request_key=request_key).first()
    order = order or _drafted(by, kept_address(ship_to), agreed, request_key)
    for pk in order.parcels.order_by("seller_id", "currency").values_list("pk", flat=True):
        _settle(pk)
    return order


@transaction.atomic
def _drafted(by: User, address: dict[str, str], agreed: Mapping[ParcelKey, int], request_key: str) -> Order:
    """Write down what is asked for, so that whoever sends the same again goes on with the same."""
    order, is_new = Order.objects.get_or_create(buyer=by, request_key=request_key, defaults={"ship_to": address})
    if not is_new:
        return order
    wanted: dict[ParcelKey, list[list[Any]]] = {}
    cart = carts.cart_of(owner=by)
    for line in lines_of(cart).filter(is_saved=False) if cart is not None else ():
        key = (line.listing.seller_id, line.listing.currency)
        if key in agreed:
            wanted.setdefault(key, []).append([str(line.listing_id), line.quantity, line.price_minor])
    if not wanted:
        raise NothingToBuy
    if len(wanted) > MOST_PARCELS:
        raise InvalidInput(f"One order has at most {MOST_PARCELS} sellers. Keep some for later.")
    OrderParcel.objects.bulk_create(
        OrderParcel(
            order=order, seller_id=seller, currency=currency, agreed_minor=agreed[seller, currency], lines=lines
        )
        for (seller, currency), lines in wanted.items()
    )
    return order


@transaction.atomic
def _settle(pk: uuid.UUID) -> None:
    """One seller's parcel: a trade, or the reason why not; decided once."""
    parcel = OrderParcel.objects.select_for_update(of=("self",)).select_related("order__buyer").get(pk=pk)
    if parcel.trade_id or parcel.refusal_code:
        return
    try:
        with transaction.atomic():
            parcel.trade = _bought(parcel)
    except DomainError as error:
        parcel.refusal_code, parcel.refusal = error.code[:40], error.message[:300]
    else:
        carts.bought(owner=parcel.order.buyer, copies={uuid.UUID(key): copies for key, copies, _ in parcel.lines})
    parcel.save(update_fields=["trade", "refusal_code", "refusal"])


def _bought(parcel: OrderParcel) -> Trade:
    """The trade with its hold and reservations.

    Raises what `listings.take` raises, CostsMore, SellerLimit, Blocked, Restricted.
    """
    order, buyer = parcel.order, parcel.order.buyer
    wanted = {uuid.UUID(key): (copies, minor) for key, copies, minor in parcel.lines}
    check_not_blocked(buyer.pk, parcel.seller_id)
    check_may(buyer, From.BUYING)
    risk.see_address(buyer.pk, order.ship_to)
    taken = [_taken(key, *wanted[key]) for key in _in_lock_order(wanted)]
    copies = {key: number for key, (number, _) in wanted.items()}
    shipping = postage(copies, order.ship_to["country"]).get((parcel.seller_id, parcel.currency))
    if shipping is None:
        raise InvalidInput("The seller does not send such a parcel to this country.", field="country")
    goods = sum(listing.price_minor * copies[listing.pk] for listing in taken)
    if goods + shipping > parcel.agreed_minor:
        now, then = Money(goods + shipping, parcel.currency), Money(parcel.agreed_minor, parcel.currency)
        raise CostsMore(f"This parcel now costs {now} and not {then}. Look again, and order it if you still want it.")
    seller = taken[0].seller
    trades.check_seller_limit(seller, goods + shipping)
    trade = Trade.objects.create(
        buyer=buyer, seller=seller, items_minor=goods, shipping_minor=shipping, currency=parcel.currency,
        ship_to=order.ship_to, request_key=f"order:{parcel.pk}",
    )  # fmt: skip
    cause = f"trade:{trade.pk}"
    first = trades.goods_in_words(taken[0].item.variant.product, copies[taken[0].pk])
    more = f" and {len(taken) - 1} more" if len(taken) > 1 else ""
    trade.hold = escrow.create_hold(
        payer=buyer, payee=seller, amount_minor=goods + shipping, fee_minor=fees.fee_for(goods),
        currency=parcel.currency, description=f"{first[: 200 - len(more)]}{more}", cause=cause,
    )  # fmt: skip
    trade.save(update_fields=["hold"])
    for listing in taken:
        inventory.reserve(item_id=listing.item_id, quantity=copies[listing.pk], cause=cause, by=buyer)
        TradeLine.objects.create(
            trade=trade, giver=seller, item=listing.item, listing=listing, quantity=copies[listing.pk],
            price_minor=listing.price_minor, condition_label=listing.item.condition_label,
        )  # fmt: skip
    outbox.emit(TradeCreated(trade_id=trade.pk, buyer_id=buyer.pk, seller_id=seller.pk))
    return trade


def _in_lock_order(wanted: Mapping[uuid.UUID, object]) -> list[uuid.UUID]:
    """Listings by their item's id, as a trade that closes locks them; one that is gone is told by `take`."""
    rows = Listing.objects.filter(pk__in=list(wanted)).order_by("item_id", "pk").values_list("pk", flat=True)
    known = list(rows)
    return known + [key for key in wanted if key not in set(known)]


def _taken(key: uuid.UUID, copies: int, agreed_minor: int) -> Listing:
    """The copies out of their listing; what goes wrong says of which card."""
    try:
        listing = listings.take(listing_id=key, quantity=copies)
    except DomainError as error:
        found = Listing.objects.select_related("item__variant__product").filter(pk=key).first()
        error.message = f"{found.item.variant.product.name}: {error.message}" if found else error.message
        raise
    if listing.price_minor > agreed_minor:
        now, then = Money(listing.price_minor, listing.currency), Money(agreed_minor, listing.currency)
        raise CostsMore(f"{listing.item.variant.product.name} now costs {now} and not {then}.")
    return listing


def pay(
    *,
    order: Order,
    by: User,
    next_url: str = "",
    back_url: str = "",
    payment_method: str | None = None,
    keep_card: bool = False,
) -> dict:
    """Start a payment for each seller that waits for one; what a payment could not be started for, by trade.

    next_url: where the buyer goes on from a payment's page, to the next one. Must not be called inside a transaction.
    """
    problems: dict[uuid.UUID, str] = {}
    for parcel in order.parcels.filter(trade__hold__state=HoldState.CREATED).select_related("trade__hold"):
        try:
            trades.pay(
                trade=parcel.trade,
                by=by,
                payment_method=payment_method,
                keep_card=keep_card,
                success_url=next_url,
                cancel_url=back_url,
            )
        except DomainError as error:
            problems[parcel.trade_id] = error.message
    return problems
