"""Writes to trades: buy, pay, ship, receive, release, cancel, dispute, talk, review. The money itself is escrow's.

Locks are taken in one order: trade, hold, account by id, listing, item by id.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import BinaryIO

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils import timezone

from apps.accounts.blocks.queries import check_not_blocked
from apps.accounts.models import Address, User
from apps.accounts.restrictions.models import From
from apps.accounts.restrictions.queries import check_may
from apps.catalog.models import Product
from apps.core import outbox
from apps.core.errors import Conflict, InvalidInput, NotFound, NotYours
from apps.core.numbers import printed_number
from apps.escrow import actions as escrow
from apps.escrow import fees
from apps.escrow.cases.models import ACTIVE
from apps.escrow.cases.queries import came_back
from apps.escrow.models import Dispute, Evidence, Hold, HoldState, Payment, Settlement
from apps.inventory import actions as inventory
from apps.listings import actions as listings
from apps.listings.models import Listing
from apps.listings.offers import actions as offers
from apps.listings.offers.models import Offer
from apps.listings.shipping import shipping_minor
from apps.live.pushing import push
from apps.risk import actions as risk
from apps.trades.addresses import kept_address
from apps.trades.events import MessageSent, TradeCancelled, TradeCompleted, TradeCreated, TradeShipped
from apps.trades.models import Message, Review, Shipment, Trade, TradeLine
from apps.trades.reputation.reviews import BLIND_FOR

_DOUBLE_CLICK = dt.timedelta(seconds=10)  # the same words again this soon are one message


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
    outbox.emit(TradeCreated(**_who(trade)))
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


@transaction.atomic
def ship(*, trade: Trade, by: User, carrier: str = "", tracking_number: str = "") -> Shipment:
    """The seller says that the parcel left. Raises NotYours, Conflict, InvalidInput (no tracking)."""
    trade = _locked(trade, seller=by)
    needs_tracking = trade.lines.filter(listing__shipping__is_tracked=True).exists()
    if needs_tracking and not tracking_number.strip():
        raise InvalidInput("This sale was offered with tracking. Enter the parcel's number.", field="tracking_number")
    escrow.mark_shipped(hold=trade.hold, by=by)
    shipment = Shipment.objects.create(
        trade=trade,
        sender=by,
        carrier=carrier.strip()[:60],
        tracking_number=tracking_number.strip()[:60],
        shipped_at=timezone.now(),
    )
    outbox.emit(TradeShipped(**_who(trade)))
    return shipment


@transaction.atomic
def confirm_delivery(*, trade: Trade, by: User) -> Trade:
    """The buyer says that the parcel is here; the inspection starts. Raises NotYours, Conflict."""
    trade = _locked(trade, buyer=by)
    escrow.mark_delivered(hold=trade.hold, by=by)
    trade.shipments.filter(delivered_at__isnull=True).update(delivered_at=timezone.now())
    return trade


@transaction.atomic
def release(*, trade: Trade, by: User) -> Trade:
    """The buyer is content: the money goes to the seller. Raises NotYours, Conflict."""
    trade = _locked(trade, buyer=by)
    escrow.release(hold=trade.hold, by=by)
    return trade


@transaction.atomic
def cancel(*, trade: Trade, by: User, reason: str = "") -> Trade:
    """Either side calls it off where the rules allow it; paid money goes back. Raises NotYours, Conflict."""
    trade = _locked(trade, either=by)
    escrow.cancel(hold=trade.hold, by=by, reason=reason.strip()[:300])
    return trade


@transaction.atomic
def give_back(*, trade: Trade, by: User, reason: str = "") -> Trade:
    """The seller returns the whole amount, e.g. because the parcel came back. Raises NotYours, Conflict."""
    trade = _locked(trade, seller=by)
    escrow.refund(hold=trade.hold, by=by, reason=reason.strip()[:300])
    return trade


@transaction.atomic
def give_back_late(*, trade: Trade, by: User, amount_minor: int, request_key: str, reason: str = "") -> Settlement:
    """The seller gives a part or all back after the release. The same `request_key` gives once.

    Raises NotYours, Conflict, InvalidInput.
    """
    trade = _locked(trade, seller=by)
    key = f"seller:{request_key}"[:80]
    return escrow.give_back_late(
        hold=trade.hold, amount_minor=amount_minor, by=by, request_key=key, reason=reason.strip()[:300]
    )


@transaction.atomic
def withdraw_dispute(*, trade: Trade, by: User) -> Trade:
    """The buyer takes the case back; the inspection begins anew. Raises NotYours, Conflict."""
    trade = _locked(trade, buyer=by)
    escrow.withdraw_dispute(dispute=_open_case(trade), by=by)
    return trade


@transaction.atomic
def open_dispute(*, trade: Trade, by: User, reason: str, statement: str) -> Dispute:
    """Stop the clock and ask the other side, then a moderator. Raises NotYours, Conflict, InvalidInput."""
    trade = _locked(trade, either=by)
    return escrow.open_dispute(hold=trade.hold, by=by, reason=reason, statement=statement)


@transaction.atomic
def answer_dispute(*, trade: Trade, by: User, statement: str) -> Dispute:
    """The other side tells its view; a moderator is next. Raises NotYours, Conflict, InvalidInput."""
    return escrow.answer_dispute(dispute=_open_case(_locked(trade, either=by)), by=by, statement=statement)


def add_evidence(*, trade: Trade, by: User, note: str = "", upload: BinaryIO | None = None) -> Evidence:
    """Put a note or a picture into the open case. Raises NotYours, Conflict, InvalidInput, TooLarge, UnsupportedType."""
    return escrow.add_evidence(dispute=_open_case(trade), by=by, note=note, upload=upload)


def _open_case(trade: Trade) -> Dispute:
    case = trade.hold.disputes.filter(state__in=ACTIVE).first()
    if case is None:
        raise Conflict("There is no open case.")
    return case


@transaction.atomic
def say(*, trade: Trade, by: User, body: str) -> Message:
    """Write in the trade room. Raises NotYours, InvalidInput, Blocked. Emits trade.message_sent."""
    trade = _locked(trade, either=by)
    check_not_blocked(trade.buyer_id, trade.seller_id)
    body = body.strip()
    if not 1 <= len(body) <= 2000:
        raise InvalidInput("A message has 1 to 2,000 characters.", field="body")
    last = trade.messages.order_by("-created_at", "-pk").first()
    if last and (last.author_id, last.body) == (by.pk, body) and timezone.now() - last.created_at < _DOUBLE_CLICK:
        return last
    message = Message.objects.create(trade=trade, author=by, body=body)
    outbox.emit(MessageSent(**_who(trade), message_id=message.pk))
    return message


@transaction.atomic
def review(
    *,
    trade: Trade,
    by: User,
    rating: int,
    body: str = "",
    described: int | None = None,
    packing: int | None = None,
    speed: int | None = None,
) -> Review:
    """Say how it went, once; a buyer may give stars to the item as described, the packing and the speed as well.

    Raises NotYours, Conflict (not closed, or reviewed before), InvalidInput.
    """
    trade = _locked(trade, either=by)
    if trade.state != Trade.State.COMPLETED:
        raise Conflict("Reviews open when the trade is completed.")
    if trade.closed_at is not None and trade.closed_at <= timezone.now() - BLIND_FOR:
        raise Conflict("The 14 days for a review have passed.")
    if rating not in range(1, 6):
        raise InvalidInput("A rating is 1 to 5 stars.", field="rating")
    aspects = {"described": described, "packing": packing, "speed": speed}
    for name, stars in aspects.items():
        if stars is not None and (stars not in range(1, 6) or by.pk != trade.buyer_id):
            raise InvalidInput("A buyer gives 1 to 5 stars to each aspect, or none.", field=name)
    subject = trade.seller if by.pk == trade.buyer_id else trade.buyer
    made, created = Review.objects.get_or_create(
        trade=trade, author=by, defaults={"subject": subject, "rating": rating, "body": body.strip()[:1000], **aspects}
    )
    if not created:
        raise Conflict("You have reviewed this trade already.")
    return made


@transaction.atomic
def close(*, hold_id: uuid.UUID, outcome: str) -> Trade | None:
    """Follow a hold that reached its end: copies change hands, or are free again. Safe to repeat."""
    trade = Trade.objects.select_for_update(no_key=True).filter(hold_id=hold_id).first()
    if trade is None or trade.state != Trade.State.OPEN:
        return trade
    completed = outcome == HoldState.RELEASED or (outcome == HoldState.SPLIT and not came_back(hold_id))
    cause = f"trade:{trade.pk}"
    for line in trade.lines.select_related("item").order_by("item_id"):
        if completed:
            inventory.hand_over(
                item_id=line.item_id,
                quantity=line.quantity,
                to=trade.buyer,
                unit_price_minor=line.price_minor,
                currency=trade.currency,
                cause=cause,
                by=None,
            )
        else:
            # The listing before the item: the order in which a purchase locks them.
            if line.listing_id:
                listings.put_back(listing_id=line.listing_id, quantity=line.quantity)
            inventory.release_reservation(item_id=line.item_id, quantity=line.quantity, cause=cause, by=None)
    trade.state = Trade.State.COMPLETED if completed else Trade.State.CANCELLED
    trade.closed_at = timezone.now()
    trade.save(update_fields=["state", "closed_at"])
    outbox.emit((TradeCompleted if completed else TradeCancelled)(**_who(trade)))
    return trade


def note(*, hold_id: uuid.UUID, body: str) -> None:
    """The system's own line in the trade room."""
    trade_id = Trade.objects.filter(hold_id=hold_id).values_list("pk", flat=True).first()
    if trade_id:
        Message.objects.create(trade_id=trade_id, author=None, body=body)
        push(f"trade:{trade_id}", "message")


def _who(trade: Trade) -> dict[str, uuid.UUID]:
    return {"trade_id": trade.pk, "buyer_id": trade.buyer_id, "seller_id": trade.seller_id}


def _locked(
    trade: Trade, *, buyer: User | None = None, seller: User | None = None, either: User | None = None
) -> Trade:
    locked = (
        Trade.objects.select_for_update(of=("self",), no_key=True)
        .select_related("hold", "buyer", "seller")
        .filter(pk=trade.pk)
        .first()
    )
    if locked is None:
        raise NotFound
    allowed = (
        (buyer is not None and locked.buyer_id == buyer.pk)
        or (seller is not None and locked.seller_id == seller.pk)
        or (either is not None and either.pk in {locked.buyer_id, locked.seller_id})
    )
    if not allowed:
        raise NotYours("That is not yours to do in this trade.")
    return locked


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
