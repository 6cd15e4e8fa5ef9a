"""Sending: a seller's profiles with their rates, and what a parcel to a country costs. The rule itself is in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.postgres.fields import ArrayField
from django.db import connection, transaction
from django.db.models import BigIntegerField, CharField, Expression, F, Func, QuerySet, Value
from django.http import HttpRequest

from apps.accounts.models import User
from apps.core.errors import Conflict, InvalidInput, NotFound, NotYours
from apps.listings.destinations import HOME, WORLD, choices, destinations_of, is_country, name_of
from apps.listings.models import Listing, ShippingProfile, ShippingRate

MOST_PROFILES = 10
MOST_RATES = 40
MOST_MINOR = 50_000
_COUNTRY = "country"


@dataclass(frozen=True)
class Rate:
    """What one parcel costs; see ShippingRate."""

    destination: str
    price_minor: int
    up_to_grams: int | None = None
    up_to_minor: int | None = None
    is_tracked: bool = True
    days: int | None = None


STANDARD = (Rate(HOME, 150), Rate(WORLD, 1200))
"""Of a seller who has said nothing yet."""


def default_shipping(*, seller: User) -> ShippingProfile:
    """The seller's first shipping profile; a tracked standard one is made where there is none."""
    found = seller.shipping_profiles.order_by("created_at").first()
    return found or save_profile(by=seller, name="Standard", rates=STANDARD)


@transaction.atomic
def save_profile(
    *, by: User, name: str, rates: Sequence[Rate], profile: ShippingProfile | None = None
) -> ShippingProfile:
    """Make a profile, or say anew what one costs: its rates become these.

    Raises NotYours, InvalidInput (no rate, one out of bounds, the same twice), Conflict (the name is taken, too many).
    """
    User.objects.select_for_update(no_key=True).only("pk").get(pk=by.pk)  # one at a time for a seller
    if profile is not None and profile.seller_id != by.pk:
        raise NotYours
    _check(rates)
    others = by.shipping_profiles.exclude(pk=profile.pk if profile else None)
    if others.filter(name=name).exists():
        raise Conflict("You have a profile of this name already.", field="name")
    if profile is None and others.count() >= MOST_PROFILES:
        raise Conflict(f"You have {MOST_PROFILES} profiles already.")
    profile = profile or ShippingProfile(seller=by, currency=by.currency)
    profile.name, profile.is_tracked = name, all(rate.is_tracked for rate in rates)
    profile.save()
    profile.rates.all().delete()
    ShippingRate.objects.bulk_create(ShippingRate(profile=profile, **vars(rate)) for rate in rates)
    return profile


def _check(rates: Sequence[Rate]) -> None:
    known = {code for code, _ in choices()}
    if not rates:
        raise InvalidInput("Say at least where you send to and for how much.", field="rates")
    if len(rates) > MOST_RATES:
        raise InvalidInput(f"A profile has at most {MOST_RATES} rates.", field="rates")
    for rate in rates:
        if rate.destination not in known:
            raise InvalidInput("There is no such destination.", field="destination")
        if not 0 <= rate.price_minor <= MOST_MINOR:
            raise InvalidInput("A parcel costs from 0 to 500.00.", field="price")
        for limit in (rate.up_to_grams, rate.up_to_minor, rate.days):
            if limit is not None and limit < 1:
                raise InvalidInput("Limits are above zero; leave them empty where there is none.", field="rates")
    if len({(r.destination, r.up_to_grams, r.up_to_minor, r.is_tracked) for r in rates}) < len(rates):
        raise InvalidInput("Two of these rates are for the same parcels.", field="rates")


@transaction.atomic
def remove_profile(*, profile: ShippingProfile, by: User) -> None:
    """Forget a profile that no listing uses. Raises NotYours, Conflict."""
    if profile.seller_id != by.pk:
        raise NotYours
    if profile.listings.exists():
        raise Conflict("Listings use this profile. Choose another one for them first.")
    profile.delete()


def profiles_of(*, seller: User) -> QuerySet[ShippingProfile]:
    """The seller's profiles, oldest first, with their rates; two queries."""
    return seller.shipping_profiles.prefetch_related("rates").order_by("created_at")


def own_profile(*, seller: User, pk: object) -> ShippingProfile:
    """One profile of the seller. Raises NotFound for everybody else."""
    found = seller.shipping_profiles.prefetch_related("rates").filter(pk=pk).first()
    if found is None:
        raise NotFound("This is not one of your shipping profiles.")
    return found


def shipping_to(country: str) -> Expression:
    """The shipping price of one copy of each listing, as an annotation; null: not sent there."""
    return _shipping(F("seller__country"), destinations_of(country))


def shipping_within(destination: str) -> Expression:
    """The same for one destination of the rates alone, HOME or WORLD."""
    return _shipping(Value(""), [destination])


def _shipping(home: Expression | F, reached_under: list[str]) -> Expression:
    return Func(
        F("shipping_id"),
        home,
        Value(reached_under, output_field=ArrayField(CharField())),
        Func(F("item__variant__product__category__path"), Value(1), function="listings_grams"),
        F("price_minor"),
        function="listings_shipping_minor",
        template="%(function)s(%(expressions)s)",
        output_field=BigIntegerField(null=True),
    )


def shipping_minor(listing: Listing, country: str, *, quantity: int = 1) -> int | None:
    """What one parcel with copies of a listing costs to a country; None when the seller does not send there. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            """select listings_shipping_minor(%s, %s, %s::varchar[], listings_grams(c.path, %s), %s)
            from catalog_variant v join catalog_product p on p.id = v.product_id join catalog_category c on c.id = p.category_id
            where v.id = %s""",
            [listing.shipping_id, listing.seller.country, destinations_of(country), quantity,
             listing.price_minor * quantity, listing.item.variant_id],
        )  # fmt: skip
        return cursor.fetchone()[0]


def in_words(rate: ShippingRate) -> str:
    """Where a rate leads and for which parcels."""
    limits = []
    if rate.up_to_grams is not None:
        limits.append(f"up to {rate.up_to_grams} g")
    if rate.up_to_minor is not None:
        limits.append(f"goods up to {rate.up_to_minor / 100:,.2f}")
    return ", ".join([name_of(rate.destination), *limits])


# -- the reader's country -------------------------------------------------------------------------------------------
def country_of(request: HttpRequest) -> str:
    """Where prices are shown delivered to: as chosen in this session, else the member's own country, else the US."""
    chosen = request.session.get(_COUNTRY, "")
    if is_country(chosen):
        return chosen
    return request.user.country if request.user.is_authenticated else "US"


def choose_country(request: HttpRequest, country: str) -> None:
    """Show prices delivered to this country for the rest of the session; what is no country changes nothing."""
    if is_country(country):
        request.session[_COUNTRY] = country
