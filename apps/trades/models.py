"""The one flow for buying and swapping: trade, lines, shipments, messages, reviews. Money itself is escrow's."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.core.encryption import SealedAddressField
from apps.core.models import Base
from apps.escrow.models import Hold
from apps.inventory.models import InventoryItem
from apps.listings.models import Listing


class Trade(Base):
    """Two sides exchange items and cash. A purchase is a trade in which `buyer` brings only cash."""

    class State(models.TextChoices):
        """Coarse state; the stage in between is the hold's."""

        OPEN = "open", _("Under way")
        COMPLETED = "completed", _("Completed")
        CANCELLED = "cancelled", _("Cancelled")

    buyer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="purchases")
    seller = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="sales")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    hold = models.OneToOneField(Hold, null=True, on_delete=models.PROTECT, related_name="trade")
    items_minor = models.PositiveBigIntegerField()
    shipping_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3, default="USD")
    ship_to = SealedAddressField(help_text="the buyer's address as it was when buying")
    closed_at = models.DateTimeField(null=True, blank=True)
    request_key = models.CharField(
        max_length=80, blank=True, help_text="given by the client: a double click makes one trade"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(buyer=F("seller")), name="trade_between_two_people"),
            models.UniqueConstraint(
                fields=["buyer", "request_key"], condition=~Q(request_key=""), name="trade_once_per_request"
            ),
        ]
        indexes = [
            models.Index(fields=["buyer", "-created_at"], name="trade_by_buyer"),
            models.Index(fields=["seller", "-created_at"], name="trade_by_seller"),
        ]

    def __str__(self) -> str:
        return f"trade {str(self.pk)[-6:]}"

    @property
    def total_minor(self) -> int:
        """What the buyer pays."""
        return self.items_minor + self.shipping_minor

    def get_absolute_url(self) -> str:
        """The trade room."""
        return reverse("trade", args=[self.pk])


class TradeLine(Base):
    """Copies that one side gives. Name, printing and condition are kept as they were at the time."""

    trade = models.ForeignKey(Trade, on_delete=models.PROTECT, related_name="lines")
    giver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(InventoryItem, on_delete=models.PROTECT, related_name="trade_lines")
    listing = models.ForeignKey(Listing, null=True, on_delete=models.PROTECT, related_name="trade_lines")
    quantity = models.PositiveIntegerField()
    price_minor = models.PositiveBigIntegerField()
    condition_label = models.CharField(max_length=12)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(quantity__gt=0), name="line_quantity_positive")]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.item_id}"


class Shipment(Base):
    """One parcel."""

    trade = models.ForeignKey(Trade, on_delete=models.PROTECT, related_name="shipments")
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    carrier = models.CharField(max_length=60, blank=True)
    tracking_number = models.CharField(max_length=60, blank=True)
    shipped_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["trade", "sender"], name="shipment_one_per_sender")]

    def __str__(self) -> str:
        return f"{self.carrier} {self.tracking_number}"


class Message(Base):
    """What the two say to each other in the trade room; also the system's own lines (no author)."""

    trade = models.ForeignKey(Trade, on_delete=models.PROTECT, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    body = models.CharField(max_length=2000)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return self.body[:40]


ASPECTS = {"described": _("As described"), "packing": _("Packing"), "speed": _("Speed")}
"""What a buyer may give stars to, besides the whole. The standing counts the whole alone."""


class Review(Base):
    """How a sale or a swap went; both stay hidden until both are in or 14 days have passed."""

    trade = models.ForeignKey(Trade, null=True, blank=True, on_delete=models.PROTECT, related_name="reviews")
    swap = models.ForeignKey(
        "swaps.Swap",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="reviews",
        db_index=False,  # review_once_per_swap_and_author
    )
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reviews_written")
    subject = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reviews_received")
    rating = models.PositiveSmallIntegerField()
    described = models.PositiveSmallIntegerField(null=True, help_text="stars for the item being as described")
    packing = models.PositiveSmallIntegerField(null=True, help_text="stars for how it was packed")
    speed = models.PositiveSmallIntegerField(null=True, help_text="stars for how soon it was sent")
    body = models.CharField(max_length=1000, blank=True)
    answer = models.CharField(max_length=1000, blank=True, help_text="by who was reviewed, once")
    answered_at = models.DateTimeField(null=True, blank=True)
    revealed_at = models.DateTimeField(null=True, blank=True, help_text="when it was stated that everybody sees it")
    hidden_at = models.DateTimeField(null=True, blank=True, help_text="taken down by a moderator")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["trade", "author"], name="review_once_per_author"),
            models.UniqueConstraint(
                fields=["swap", "author"], condition=Q(swap__isnull=False), name="review_once_per_swap_and_author"
            ),
            models.CheckConstraint(
                condition=Q(trade__isnull=True) ^ Q(swap__isnull=True), name="review_of_a_sale_or_a_swap"
            ),
            models.CheckConstraint(condition=Q(rating__gte=1, rating__lte=5), name="review_rating_in_range"),
            models.CheckConstraint(
                condition=Q(*(Q(**{name: None}) | Q(**{f"{name}__gte": 1, f"{name}__lte": 5}) for name in ASPECTS)),
                name="review_aspects_in_range",
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_at__isnull=True) | (~Q(answer="") & Q(answered_at__isnull=False)),
                name="review_answer_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rating}/5"

    @property
    def aspects(self) -> list[tuple[str, int]]:
        """(aspect, stars) of those that have any."""
        return [(str(label), stars) for name, label in ASPECTS.items() if (stars := getattr(self, name))]


from apps.trades.reports.models import Report as Report  # noqa: E402 - Django looks for an app's tables here
