"""An offer and its states; which offers a listing takes. The one table of the bargaining's steps stands here."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.core.models import Base


class OfferState(models.TextChoices):
    """Where an offer stands. OPEN waits for an answer, AGREED for the buyer's checkout; the rest is over."""

    OPEN = "open", _("Waiting for an answer")
    AGREED = "agreed", _("Agreed, waiting for checkout")
    BOUGHT = "bought", _("Bought")
    COUNTERED = "countered", _("Countered")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    EXPIRED = "expired", _("Not answered in time")
    LAPSED = "lapsed", _("Not paid for in time")
    VOID = "void", _("No longer possible")


LIVE = (OfferState.OPEN, OfferState.AGREED)

# state -> {event: next state}; every transition looks here, and docs/offers.md is drawn from it.
STEPS: dict[OfferState, dict[str, OfferState]] = {
    OfferState.OPEN: {
        "accept": OfferState.AGREED,
        "decline": OfferState.DECLINED,
        "counter": OfferState.COUNTERED,
        "withdraw": OfferState.WITHDRAWN,
        "expire": OfferState.EXPIRED,
        "void": OfferState.VOID,
    },
    OfferState.AGREED: {
        "buy": OfferState.BOUGHT,
        "withdraw": OfferState.WITHDRAWN,
        "lapse": OfferState.LAPSED,
        "void": OfferState.VOID,
    },
}


class Why(models.TextChoices):
    """Why an offer ended that neither side ended."""

    NONE = "", ""
    SOLD = "sold", _("The last copy went to somebody else.")
    TAKEN_BACK = "taken-back", _("The seller took the listing back.")
    CHEAPER = "cheaper", _("The listing's price fell to the offer or below it: it can simply be bought.")
    APART = "apart", _("The two no longer trade with each other.")
    TOO_LOW = "too-low", _("It was below what the seller considers.")


class Offer(Base):
    """A price for copies of a listing, by the buyer or, as a counter-offer, by the seller.

    What buyer and seller said about one listing, in order of time, is their negotiation; one offer of it at most is live.
    """

    State = OfferState

    listing = models.ForeignKey("listings.Listing", on_delete=models.PROTECT, related_name="offers")
    buyer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="offers_to_buy")
    seller = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="offers_to_sell")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    price_minor = models.PositiveBigIntegerField(help_text="for one copy, without shipping")
    currency = models.CharField(max_length=3)
    message = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=OfferState, default=OfferState.OPEN)
    due_at = models.DateTimeField(help_text="open: until when to answer; agreed: until when the copies are reserved")
    closed_at = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=12, choices=Why, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(price_minor__gt=0), name="offer_price_positive"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="offer_quantity_positive"),
            models.CheckConstraint(condition=~Q(buyer=F("seller")), name="offer_between_two_people"),
            models.CheckConstraint(
                condition=Q(author=F("buyer")) | Q(author=F("seller")), name="offer_author_is_one_of_the_two"
            ),
            models.CheckConstraint(
                condition=Q(state__in=LIVE, closed_at__isnull=True) | (~Q(state__in=LIVE) & Q(closed_at__isnull=False)),
                name="offer_is_closed_when_it_ends",
            ),
            models.UniqueConstraint(
                fields=["listing", "buyer"], condition=Q(state__in=LIVE), name="offer_one_live_per_pair_and_listing"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state__in=LIVE), name="offer_due"),
            models.Index(fields=["buyer", "-created_at"], name="offer_by_buyer"),
            models.Index(fields=["seller", "-created_at"], name="offer_by_seller"),
            models.Index(fields=["listing", "buyer", "created_at"], name="offer_negotiation"),
        ]

    def __str__(self) -> str:
        return f"offer {str(self.pk)[-6:]}"

    @property
    def total_minor(self) -> int:
        """For all copies, without shipping."""
        return self.price_minor * self.quantity

    @property
    def other_id(self) -> object:
        """Who answers: the side that did not make it."""
        return self.seller_id if self.author_id == self.buyer_id else self.buyer_id

    def get_absolute_url(self) -> str:
        """The negotiation's page."""
        return reverse("offer", args=[self.pk])


class OfferTerms(models.Model):
    """Which offers a listing takes. No row: all of them."""

    listing = models.OneToOneField(
        "listings.Listing", primary_key=True, on_delete=models.CASCADE, related_name="offer_terms"
    )
    is_open = models.BooleanField(default=True, help_text="whether buyers may make offers")
    least_percent = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="of the price; what is below is declined by itself"
    )

    class Meta:
        verbose_name_plural = "offer terms"
        constraints = [
            models.CheckConstraint(
                condition=Q(least_percent__isnull=True) | Q(least_percent__gte=1, least_percent__lte=99),
                name="offer_terms_percent_in_range",
            )
        ]

    def __str__(self) -> str:
        return f"offers of {self.listing_id}"

    def least_minor(self, price_minor: int) -> int:
        """The least that is considered for a copy at this price: the share rounded up."""
        return -(-price_minor * (self.least_percent or 0) // 100)
