"""Whether a bargain could be kept at all: shipped to the buyer, and within what a new seller may have under way.

How much is under way is known to a room above, which says so by `check_with`.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import F, Sum

from apps.accounts.models import User
from apps.core.errors import InvalidInput
from apps.listings.models import Listing
from apps.listings.offers.models import Offer, OfferState
from apps.listings.shipping import shipping_minor

SellerCheck = Callable[[User, int], None]
"""Raises where a seller may not promise so much more, in minor units."""

_checks: list[SellerCheck] = []


def check_with(check: SellerCheck) -> SellerCheck:
    """Ask this of every seller before a bargain goes on. A decorator, too."""
    _checks.append(check)
    return check


def check(listing: Listing, *, buyer: User, quantity: int, goods_minor: int) -> None:
    """Raises InvalidInput where nothing is sent to the buyer, and what the seller's checks raise.

    What the seller has agreed to already, and is not checked out yet, counts as well.
    """
    country = buyer.addresses.filter(is_default=True).values_list("country", flat=True).first() or buyer.country
    shipping = shipping_minor(listing, country, quantity=quantity)
    if shipping is None:
        raise InvalidInput("The seller does not ship to the buyer's country.", field="country")
    agreed = Offer.objects.filter(seller=listing.seller_id, state=OfferState.AGREED)
    promised = agreed.aggregate(total=Sum(F("price_minor") * F("quantity")))["total"] or 0
    for each in _checks:
        each(listing.seller, promised + goods_minor + shipping)
