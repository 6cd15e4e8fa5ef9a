"""Sales begin: copies are promised, bought at a price that was agreed, and paid. The money itself is escrow's."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Sum

from apps.accounts.blocks.queries import check_not_blocked
from apps.accounts.models import Address, User
from apps.accounts.restrictions.models import From
from apps.accounts.restrictions.queries import check_may
from apps.catalog.models import Product
from apps.core import outbox
from apps.core.errors import Conflict, InvalidInput, NotYours
from apps.core.numbers import printed_number
from apps.escrow import actions as escrow
from apps.escrow import fees
from apps.escrow.models import Hold, HoldState, Payment
from apps.inventory import actions as inventory
from apps.listings import actions as listings
from apps.listings.models import Listing
from apps.listings.offers import actions as offers
from apps.listings.offers.models import Offer
from apps.listings.shipping import shipping_minor
from apps.risk import actions as risk
from apps.trades.actions.locking import who
from apps.trades.addresses import kept_address
from apps.trades.events import TradeCreated
from apps.trades.models import Trade, TradeLine


class SellerLimit(Conflict):
    """A new seller has too much open value."""

    code = "SELLER_LIMIT"
    message = "This seller is new and has reached the limit of open sales. Try again when a sale is settled."


def buy(
    *, listing: Listing, quantity: int, ship_to: Address | dict[str, str], by: User, request_key: str = ""
) -> Trade:
    """Promise to buy copies of a listing: they are reserved and a hold waits for the payment.

    The same `request_key` of the same buyer returns the trade that it made before (a double click buys once).
    Raises OutOfStock, NotForSale, InvalidInput, Conflict, SellerLimit, Blocked, Restricted. Emits trade.created.
    """
    if request_key:
        earlier = Trade.objects.filter(buyer=by, request_key=request_key).first()
        if earlier:
            return earlier
    try:
        return _buy(listing.pk, quantity, ship_to, by, request_key)
    except IntegrityError as error:
        earlier = Trade.objects.filter(buyer=by, request_key=request_key).first() if request_key else None
        if earlier is None:
            raise error from None
        return earlier


@transaction.atomic
def buy_agreed(*, offer: Offer, ship_to: Address | dict[str, str], by: User) -> Trade:
    """Check out at a price that was agreed: the copies that were reserved for the offer are the trade's from now on.

    Safe to repeat: an offer becomes one trade. Raises NotYours, OfferEnded, Blocked, InvalidInput, SellerLimit.
    Emits offer.bought, trade.created.
    """
    request_key = f"offer:{offer.pk}"
    earlier = Trade.objects.filter(buyer=by, request_key=request_key).first()
    if earlier:
        return earlier
    try:
        address = kept_address(ship_to)
        found = offers.redeem(offer=offer, by=by)
    except offers.OfferEnded:
        # The second of a double click had waited for the first one's lock.
        earlier = Trade.objects.filter(buyer=by, request_key=request_key).first()
        if earlier is None:
            raise
        return earlier
    listing = Listing.objects.select_related("item", "shipping", "seller").get(pk=found.listing_id)
    return _promise(listing, found.price_minor, found.quantity, address, by, request_key)


@transaction.atomic
def _buy(listing_id: uuid.UUID, quantity: int, ship_to: Address | dict[str, str], by: User, request_key: str) -> Trade:
    address = kept_address(ship_to)
    listing = listings.take(listing_id=listing_id, quantity=quantity)
    if listing.seller_id == by.pk:
        raise InvalidInput("This is your own listing.")
    check_not_blocked(by.pk, listing.seller_id)
    return _promise(listing, listing.price_minor, quantity, address, by, request_key)


def _promise(
    listing: Listing, price_minor: int, quantity: int, address: dict[str, str], by: User, request_key: str
) -> Trade:
    """The trade, its hold and the reservation of copies that have left the listing."""
    check_may(by, From.BUYING)
    risk.see_address(by.pk, address)
    shipping = shipping_minor(listing, address["country"], quantity=quantity)
    if shipping is None:
        raise InvalidInput("The seller does not ship to this country.", field="country")
    items = price_minor * quantity
    check_seller_limit(listing.seller, items + shipping)
    trade = Trade.objects.create(
        buyer=by,
        seller=listing.seller,
        items_minor=items,
        shipping_minor=shipping,
        currency=listing.currency,
        ship_to=address,
        request_key=request_key,
    )
    cause = f"trade:{trade.pk}"
    product = listing.item.variant.product
    trade.hold = escrow.create_hold(
        payer=by,
        payee=listing.seller,
        amount_minor=items + shipping,
        fee_minor=fees.fee_for(items),
        currency=listing.currency,
        description=goods_in_words(product, quantity),
        cause=cause,
    )
    trade.save(update_fields=["hold"])
    inventory.reserve(item_id=listing.item_id, quantity=quantity, cause=cause, by=by)
    TradeLine.objects.create(
        trade=trade,
        giver=listing.seller,
        item=listing.item,
        listing=listing,
        quantity=quantity,
        price_minor=price_minor,
        condition_label=listing.item.condition_label,
    )
    outbox.emit(TradeCreated(**who(trade)))
    return trade


def goods_in_words(product: Product, quantity: int) -> str:
    """What is traded, as collectors say it: "Clefairy, Jungle 5/64", with "2 × " before it for two."""
    number, count = printed_number(product.number), product.release.total_cards
    of_all = f"/{count}" if count and number.isdigit() else ""
    named = f"{product.name}, {product.release.name} {number}{of_all}".strip()
    return (named if quantity == 1 else f"{quantity} × {named}")[:200]


def pay(
    *,
    trade: Trade,
    by: User,
    payment_method: str | None = None,
    keep_card: bool = False,
    success_url: str = "",
    cancel_url: str = "",
) -> Payment:
    """Start the payment, or come back to the one that is under way. Raises NotYours, Conflict, GatewayError."""
    if trade.buyer_id != by.pk:
        raise NotYours
    return escrow.start_payment(
        hold=trade.hold,
        by=by,
        payment_method=payment_method,
        keep_card=keep_card,
        success_url=success_url,
        cancel_url=cancel_url,
    )


def check_seller_limit(seller: User, adding: int) -> None:
    """New sellers are limited in open value until their first sales are done. Raises SellerLimit."""
    if seller.sales.filter(state=Trade.State.COMPLETED).count() >= settings.NEW_SELLER_SALES:
        return
    open_value = (
        Hold.objects.filter(payee=seller)
        .exclude(state__in=[HoldState.RELEASED, HoldState.REFUNDED, HoldState.SPLIT, HoldState.CANCELLED])
        .aggregate(total=Sum("amount_minor"))["total"]
        or 0
    )
    if open_value + adding > settings.NEW_SELLER_OPEN_LIMIT_MINOR:
        raise SellerLimit(limit_minor=settings.NEW_SELLER_OPEN_LIMIT_MINOR)
