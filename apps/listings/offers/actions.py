"""What the two sides do: offer, counter, accept, decline, withdraw, and check out at the agreed price.

Locks are taken in one order: the buyer's row (for limits, when a buyer offers), offer, listing, item.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.blocks.queries import check_not_blocked
from apps.accounts.models import User
from apps.accounts.restrictions.models import From
from apps.accounts.restrictions.queries import check_may
from apps.core import audit, outbox
from apps.core.errors import Conflict, InvalidInput, NotFound, NotYours
from apps.inventory import actions as inventory
from apps.listings import actions as listings
from apps.listings.actions import LEAST_PRICE_MINOR, NotForSale
from apps.listings.models import Listing
from apps.listings.offers import closing, promises
from apps.listings.offers.closing import cause_of
from apps.listings.offers.events import OfferAgreed, OfferBought, OfferMade
from apps.listings.offers.models import LIVE, Offer, OfferState, OfferTerms, Why
from apps.risk import actions as risk


class OfferEnded(Conflict):
    """The offer waits for no answer any more."""

    code, message = "OFFER_ENDED", "This offer has ended. Look at what came after it."


class NoOffersTaken(Conflict):
    """The seller sells at the price alone."""

    code, message = "NO_OFFERS", "This seller takes no offers for this listing."


class TooManyOffers(Conflict):
    """A limit on offers is reached."""

    code = "TOO_MANY_OFFERS"


@transaction.atomic
def make_offer(*, listing: Listing, by: User, price_minor: int, quantity: int = 1, message: str = "") -> Offer:
    """Offer a price for each of some copies. One below the seller's least share is declined by itself at once.

    The same offer again while it is open is that offer (a double click). Raises NotForSale, NoOffersTaken, Blocked,
    InvalidInput, TooManyOffers, Conflict (another offer of theirs is live here), Restricted, what `promises` raises.
    Emits offer.made or offer.closed.
    """
    User.objects.select_for_update(no_key=True, of=("self",)).get(pk=by.pk)
    check_may(by, From.OFFERS)
    listing = _listing_of(listing.pk)
    if listing.seller_id == by.pk:
        raise InvalidInput("This is your own listing.")
    live = Offer.objects.filter(listing=listing, buyer=by, state__in=LIVE).first()
    if live is not None:
        if _is_the_same(live, by, price_minor, quantity):
            return live
        raise Conflict("You have an offer for this already. Answer or withdraw it first.", offer=str(live.pk))
    _check_takes_offers(listing)
    most_open = settings.OFFERS["most_open"]
    if Offer.objects.filter(buyer=by, state=OfferState.OPEN).count() >= most_open:
        raise TooManyOffers(f"You have {most_open} open offers, which is the most. Withdraw some, or wait for answers.")
    if listing.offers.filter(state=OfferState.OPEN).count() >= settings.OFFERS["most_per_listing"]:
        raise TooManyOffers("This listing has as many open offers as it may have. Try again later, or buy it.")
    return _place(listing, buyer=by, by=by, price_minor=price_minor, quantity=quantity, message=message)


@transaction.atomic
def counter(*, offer: Offer, by: User, price_minor: int, quantity: int | None = None, message: str = "") -> Offer:
    """Answer an open offer with another price: the former one ends, the new one waits for the other side.

    Raises OfferEnded, NotYours, NotForSale, Blocked, InvalidInput, TooManyOffers, Restricted. Emits offer.made.
    """
    offer = _locked(offer, by)
    check_may(by, From.OFFERS)
    quantity = quantity or offer.quantity
    if offer.state == OfferState.COUNTERED and offer.other_id == by.pk:
        live = Offer.objects.filter(listing=offer.listing_id, buyer=offer.buyer_id, state__in=LIVE).first()
        if live is not None and _is_the_same(live, by, price_minor, quantity):
            return live
    _check_their_turn(offer, by)
    listing = _listing_of(offer.listing_id)
    if price_minor == offer.price_minor and quantity == offer.quantity:
        raise InvalidInput("This is what was offered. Accept it instead.", field="price")
    closing.close(offer, OfferState.COUNTERED, by=by)
    return _place(listing, buyer=offer.buyer, by=by, price_minor=price_minor, quantity=quantity, message=message)


@transaction.atomic
def accept(*, offer: Offer, by: User) -> Offer:
    """Agree: the copies are reserved for the buyer, who has a while to check out at this price. Safe to repeat.

    Raises OfferEnded, NotYours, OutOfStock, NotForSale, Blocked, Restricted, what `promises` raises. Emits offer.agreed.
    """
    offer = _locked(offer, by)
    if offer.state == OfferState.AGREED and offer.other_id == by.pk:
        return offer
    _check_their_turn(offer, by)
    check_not_blocked(offer.buyer_id, offer.seller_id)
    check_may(by, From.OFFERS)
    listing = listings.take(listing_id=offer.listing_id, quantity=offer.quantity)
    promises.check(listing, buyer=offer.buyer, quantity=offer.quantity, goods_minor=offer.total_minor)
    if listing.price_minor < offer.price_minor:
        raise OfferEnded("The listing costs less than this offer by now: it can simply be bought.")
    inventory.reserve(item_id=listing.item_id, quantity=offer.quantity, cause=cause_of(offer), by=by)
    offer.state, offer.due_at = OfferState.AGREED, timezone.now() + settings.OFFERS["reserved_for"]
    offer.save(update_fields=["state", "due_at"])
    outbox.emit(OfferAgreed(**closing.who(offer), by_id=by.pk, due_at=offer.due_at))
    return offer


@transaction.atomic
def decline(*, offer: Offer, by: User) -> Offer:
    """Say no. Safe to repeat. Raises OfferEnded, NotYours. Emits offer.closed."""
    offer = _locked(offer, by)
    if offer.state == OfferState.DECLINED and offer.other_id == by.pk:
        return offer
    _check_their_turn(offer, by)
    return closing.close(offer, OfferState.DECLINED, by=by)


@transaction.atomic
def withdraw(*, offer: Offer, by: User) -> Offer:
    """Take back one's own open offer; a buyer may also give up what was agreed, and the copies go back on sale.

    Safe to repeat. Raises OfferEnded, NotYours. Emits offer.closed.
    """
    offer = _locked(offer, by)
    mine = by.pk == (offer.buyer_id if offer.state == OfferState.AGREED else offer.author_id)
    if offer.state == OfferState.WITHDRAWN and by.pk in {offer.author_id, offer.buyer_id}:
        return offer
    if offer.state not in LIVE:
        raise OfferEnded
    if not mine:
        raise NotYours("Only who made an offer can withdraw it, and only the buyer can give up an agreement.")
    return closing.close(offer, OfferState.WITHDRAWN, by=by)


@transaction.atomic
def redeem(*, offer: Offer, by: User) -> Offer:
    """Check out: the reservation is handed over to the caller, who must reserve the copies anew in the same transaction.

    Raises NotYours, OfferEnded, Blocked. Emits offer.bought.
    """
    offer = _locked(offer, by)
    if offer.buyer_id != by.pk:
        raise NotYours("The price was agreed with somebody else.")
    if offer.state != OfferState.AGREED:
        raise OfferEnded
    if offer.due_at <= timezone.now():
        raise OfferEnded("The time to check out at this price has passed.")
    check_not_blocked(offer.buyer_id, offer.seller_id)
    inventory.release_reservation(item_id=offer.listing.item_id, quantity=offer.quantity, cause=cause_of(offer), by=by)
    offer.state, offer.closed_at = OfferState.BOUGHT, timezone.now()
    offer.save(update_fields=["state", "closed_at"])
    outbox.emit(OfferBought(**closing.who(offer)))
    return offer


@transaction.atomic
def set_terms(*, listing: Listing, by: User, is_open: bool, least_percent: int | None = None) -> OfferTerms:
    """Say which offers a listing takes; those that are open stay. Raises NotYours, InvalidInput."""
    if listing.seller_id != by.pk:
        raise NotYours
    if least_percent is not None and not 1 <= least_percent <= 99:
        raise InvalidInput("The least share is 1 to 99 percent of the price.", field="least_percent")
    terms, _ = OfferTerms.objects.update_or_create(
        listing=listing, defaults={"is_open": is_open, "least_percent": least_percent}
    )
    audit.record(
        action="listing.offer_terms", target=listing, by=by, after={"open": is_open, "least_percent": least_percent}
    )
    return terms


def _place(listing: Listing, *, buyer: User, by: User, price_minor: int, quantity: int, message: str) -> Offer:
    """A new offer in a negotiation whose former one has ended."""
    check_not_blocked(buyer.pk, listing.seller_id)
    if listing.state != Listing.State.ACTIVE:
        raise NotForSale
    _check_amounts(listing, by, price_minor, quantity)
    promises.check(listing, buyer=buyer, quantity=quantity, goods_minor=price_minor * quantity)
    now = timezone.now()
    tries = Offer.objects.filter(listing=listing, buyer=buyer, author=by, created_at__gt=now - dt.timedelta(days=1))
    if tries.count() >= settings.OFFERS["tries_a_day"]:
        raise TooManyOffers("That is enough for one day about one listing. Try again tomorrow.")
    risk.count("offer", by=by, at=now)
    terms = _terms(listing)
    too_low = by.pk == buyer.pk and price_minor < terms.least_minor(listing.price_minor)
    try:
        with transaction.atomic():
            made = Offer.objects.create(
                listing=listing,
                buyer=buyer,
                seller_id=listing.seller_id,
                author=by,
                quantity=quantity,
                price_minor=price_minor,
                currency=listing.currency,
                message=message.strip()[:300],
                due_at=now + settings.OFFERS["open_for"],
            )
    except IntegrityError:
        raise Conflict from None
    if too_low:
        return closing.close(made, OfferState.DECLINED, why=Why.TOO_LOW)
    outbox.emit(OfferMade(**closing.who(made), author_id=by.pk, due_at=made.due_at))
    return made


def _check_amounts(listing: Listing, by: User, price_minor: int, quantity: int) -> None:
    if quantity < 1:
        raise InvalidInput("Offer for at least one copy.", field="quantity")
    if quantity > listing.quantity:
        raise InvalidInput(f"Only {listing.quantity} are for sale.", field="quantity")
    if price_minor < LEAST_PRICE_MINOR:
        raise InvalidInput("An offer is at least 0.10 for a copy.", field="price")
    if price_minor > listing.price_minor or (price_minor == listing.price_minor and by.pk != listing.seller_id):
        raise InvalidInput("That is not below the price. Buy it instead.", field="price")


def _check_takes_offers(listing: Listing) -> None:
    if listing.state != Listing.State.ACTIVE:
        raise NotForSale
    if not _terms(listing).is_open:
        raise NoOffersTaken


def _terms(listing: Listing) -> OfferTerms:
    return OfferTerms.objects.filter(listing=listing).first() or OfferTerms(listing=listing)


def _listing_of(pk: object) -> Listing:
    """The listing, locked: what sells its last copy is then either seen here, or sees the new offer and ends it."""
    found = Listing.objects.select_for_update(no_key=True).filter(pk=pk).first()
    if found is None:
        raise NotFound("This listing is gone.")
    return found


def _is_the_same(offer: Offer, by: User, price_minor: int, quantity: int) -> bool:
    return (offer.author_id, offer.price_minor, offer.quantity) == (by.pk, price_minor, quantity)


def _locked(offer: Offer, by: User) -> Offer:
    found = closing.locked(offer.pk)
    if found is None:
        raise NotFound("There is no such offer.")
    if by.pk not in {found.buyer_id, found.seller_id}:
        raise NotYours("This offer is between two others.")
    return found


def _check_their_turn(offer: Offer, by: User) -> None:
    if offer.state != OfferState.OPEN:
        raise OfferEnded
    if offer.due_at <= timezone.now():
        raise OfferEnded("The time to answer this offer has passed.")
    if offer.other_id != by.pk:
        raise NotYours("It is the other side's turn to answer.")
