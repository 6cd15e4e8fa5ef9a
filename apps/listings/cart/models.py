"""What people mean to buy: a cart of a member or of a visitor's session, and its lines by listing."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import Base
from apps.listings.models import Listing


class Cart(Base):
    """One for each member, or for the session of a visitor until they sign in. Nothing in it is reserved."""

    owner = models.OneToOneField(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="cart")
    visitor_token = models.CharField(max_length=48, unique=True, null=True)
    before = models.JSONField(null=True, help_text="the lines before a plan was applied: undone by one click")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(owner__isnull=True) ^ Q(visitor_token__isnull=True), name="cart_of_member_or_visitor"
            ),
        ]

    def __str__(self) -> str:
        return str(self.owner_id or "of a visitor")


class CartLine(Base):
    """Copies of one listing at the price that the reader has seen and agreed to."""

    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="lines")
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="+")
    quantity = models.PositiveIntegerField()
    price_minor = models.PositiveBigIntegerField(help_text="of one copy, as agreed to; a change is asked about")
    is_saved = models.BooleanField(default=False, help_text="kept for later: not part of a checkout")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cart", "listing"], name="cart_line_once"),
            models.CheckConstraint(
                condition=Q(quantity__gt=0),
                name="cart_line_has_copies",
                violation_error_message=_("A line has at least one copy."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.listing_id}"
