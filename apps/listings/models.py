"""What is for sale: listing, and what sending it costs by destination, weight, value and tracking. Buying is a trade."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.core.models import Base
from apps.core.money import Money
from apps.inventory.models import InventoryItem


class ShippingProfile(Base):
    """How a seller sends parcels; what that costs stands in its rates."""

    seller = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="shipping_profiles")
    name = models.CharField(max_length=60, default="Standard")
    currency = models.CharField(max_length=3, default="USD")
    is_tracked = models.BooleanField(default=True, help_text="every rate is; kept by the action that sets the rates")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["seller", "name"], name="shipping_profile_name_once")]

    def __str__(self) -> str:
        return self.name


class ShippingRate(models.Model):
    """What one parcel to a destination costs, up to a weight and a value.

    Of the rates that fit a parcel, those of the nearest destination count (home, country, region, world), and of these
    the cheapest. No rate that fits: not sent there.
    """

    profile = models.ForeignKey(ShippingProfile, on_delete=models.CASCADE, related_name="rates")
    destination = models.CharField(max_length=8, help_text="HOME, a country's code, or a region: see destinations.py")
    up_to_grams = models.PositiveIntegerField(null=True, blank=True, help_text="empty: any weight")
    up_to_minor = models.PositiveBigIntegerField(null=True, blank=True, help_text="of the goods; empty: any value")
    is_tracked = models.BooleanField(default=True)
    price_minor = models.PositiveBigIntegerField()
    days = models.PositiveSmallIntegerField(null=True, blank=True, help_text="usual, from the parcel's leaving")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["profile", "destination", "up_to_grams", "up_to_minor", "is_tracked"],
                nulls_distinct=False,
                name="shipping_rate_once",
            ),
            models.CheckConstraint(
                condition=Q(price_minor__lte=50_000),
                name="shipping_rate_within_bounds",
                violation_error_message=_("A parcel costs at most 500.00."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.destination} {Money(self.price_minor, self.profile.currency)}"


OPEN_STATES = ("active", "paused", "away")
"""Of a listing that its seller still offers, whether buyers see it now or not."""


class Listing(Base):
    """An offer of some copies of one inventory item at a price for each."""

    class State(models.TextChoices):
        """Whether it can be bought."""

        ACTIVE = "active", _("For sale")
        PAUSED = "paused", _("Paused")
        AWAY = "away", _("On vacation")
        SOLD_OUT = "sold-out", _("Sold out")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    seller = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="listings")
    item = models.ForeignKey(InventoryItem, on_delete=models.PROTECT, related_name="listings")
    quantity = models.PositiveIntegerField(help_text="copies still offered")
    price_minor = models.PositiveBigIntegerField(help_text="for one copy, without shipping")
    currency = models.CharField(max_length=3, default="USD")
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    shipping = models.ForeignKey(ShippingProfile, on_delete=models.PROTECT, related_name="listings")
    description = models.CharField(max_length=500, blank=True)
    checked_since = models.DateTimeField(
        null=True, blank=True, help_text="a moderator looks at it before buyers see it; it is paused meanwhile"
    )
    views = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(price_minor__gt=0), name="listing_price_positive"),
            models.CheckConstraint(condition=~Q(state="active") | Q(quantity__gt=0), name="listing_active_has_copies"),
            models.CheckConstraint(
                condition=Q(checked_since__isnull=True) | ~Q(state__in=["active", "away"]),
                name="listing_checked_is_not_shown",
            ),
            models.UniqueConstraint(
                fields=["item"], condition=Q(state__in=["active", "paused", "away"]), name="listing_one_open_per_item"
            ),
        ]
        indexes = [
            models.Index(fields=["seller", "-created_at"], name="listing_by_seller"),
            models.Index(F("created_at").desc(), condition=Q(state="active"), name="listing_fresh"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.item.variant}"

    def get_absolute_url(self) -> str:
        """The listing's page."""
        return reverse("listing", args=[self.pk])


class Storefront(models.Model):
    """What search knows of a seller. A row comes with the first listing; the words follow the name by a trigger."""

    seller = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="storefront"
    )
    words = models.CharField(max_length=200, blank=True, help_text="of the name, as search compares them")
    is_away = models.BooleanField(default=False, help_text="on vacation: nothing is for sale until the seller is back")

    class Meta:
        indexes = [GinIndex(fields=["words"], opclasses=["gin_trgm_ops"], name="storefront_trigrams")]

    def __str__(self) -> str:
        return self.words


class SearchRow(models.Model):
    """An active listing as search reads it: narrow, without joins, kept by triggers (migration 0003)."""

    listing = models.OneToOneField(
        Listing, primary_key=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="search_row"
    )
    product_id = models.UUIDField()
    variant_id = models.UUIDField()
    seller_id = models.UUIDField()
    shipping_id = models.UUIDField()
    price_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    fair_minor = models.BigIntegerField(null=True, help_text="fair value of such a copy, with its interval")
    low_minor = models.BigIntegerField(null=True)
    high_minor = models.BigIntegerField(null=True)
    deal = models.IntegerField(
        help_text="price in parts of 10,000 of fair value; the largest number where that is unknown"
    )
    tags = ArrayField(models.CharField(max_length=125), help_text="one for each facet, e.g. c:NM, l:en, w:DE")
    listed_at = models.DateTimeField()
    bucket = models.SmallIntegerField(help_text="0 to 999 by its key: a few buckets are a fair sample")

    class Meta:
        indexes = [
            GinIndex(fields=["tags"], name="search_tags"),
            # What is counted and sorted lies in these indexes: rows of one search are scattered over the whole table.
            models.Index(
                fields=["product_id", "price_minor"],
                include=["listing", "seller_id", "listed_at", "deal", "bucket", "tags"],
                name="search_product_covering",
            ),
            models.Index(fields=["seller_id"], name="search_by_seller"),
            models.Index(fields=["variant_id"], name="search_by_variant"),
            models.Index(fields=["listed_at", "listing"], name="search_by_time"),
            models.Index(
                fields=["price_minor", "listing"],
                include=["product_id", "seller_id", "bucket", "tags"],
                name="search_price_covering",
            ),
            models.Index(fields=["deal", "listing"], name="search_by_deal"),
            models.Index(fields=["bucket"], name="search_sample"),
            models.Index(
                fields=["bucket"],
                include=["product_id", "seller_id", "price_minor", "tags"],
                condition=Q(bucket__lt=50),
                name="search_sample_covering",
            ),
        ]

    def __str__(self) -> str:
        return str(self.listing_id)


class Reach(models.Model):
    """What one copy of a listing costs delivered to a destination. A reader's nearest destination counts."""

    pk = models.CompositePrimaryKey("listing_id", "destination")
    listing = models.ForeignKey(
        Listing, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    destination = models.CharField(max_length=8, help_text="a country or region; the seller's own country for HOME")
    shipping_minor = models.BigIntegerField()
    delivered_minor = models.BigIntegerField()

    class Meta:
        indexes = [
            # The shipping price lies beside: what a total tells of the price is known without reading the row.
            models.Index(
                fields=["destination", "delivered_minor", "listing"], include=["shipping_minor"], name="reach_by_total"
            )
        ]

    def __str__(self) -> str:
        return f"{self.destination} {self.delivered_minor}"


class SavedSearch(Base):
    """A search that a member keeps, and is told of what is newly listed for it.

    What the text means is written out when it is saved (products' words, sellers), so that many searches are held against
    many new listings in one statement.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_searches")
    name = models.CharField(max_length=80)
    question = models.CharField(max_length=2000, blank=True, help_text="the search as it stands in the address")
    country = models.CharField(max_length=2)
    words = models.CharField(max_length=2000, blank=True, help_text="full-text condition on the product; empty: any")
    sellers = ArrayField(models.UUIDField(), default=list, help_text="any of these; none: whoever sells")
    tags = models.JSONField(default=list, help_text="lists of tags: one of each list is needed")
    least_minor = models.BigIntegerField(null=True)
    most_minor = models.BigIntegerField(null=True)
    is_on = models.BooleanField(default=True, help_text="whether the owner is told of new listings")

    class Meta:
        verbose_name_plural = "saved searches"
        constraints = [
            models.UniqueConstraint(fields=["owner", "question", "country"], name="saved_search_once"),
        ]
        indexes = [models.Index(fields=["owner", "-created_at"], name="saved_search_by_owner")]

    def __str__(self) -> str:
        return self.name


class SearchHit(models.Model):
    """A new listing that a saved search was told of: once for each."""

    search = models.ForeignKey(SavedSearch, on_delete=models.CASCADE, related_name="hits")
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["search", "listing"], name="search_hit_once")]

    def __str__(self) -> str:
        return f"{self.search_id} {self.listing_id}"


from apps.listings.offers.models import Offer as Offer  # noqa: E402 - Django looks for an app's tables here
from apps.listings.offers.models import OfferTerms as OfferTerms  # noqa: E402

# Tables of a room of their own are known to Django through this module.
from apps.listings.selling.models import RepricedListing, Repricing, RepricingRule  # noqa: E402, F401
from apps.listings.watching.models import Watch  # noqa: E402, F401
