"""A swap of two or a ring of three, its sides with money and parcel, and the copies of each at their dated fair values."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from apps.accounts.models import User
from apps.core.encryption import SealedAddressField
from apps.core.errors import NotYours
from apps.core.models import Base
from apps.escrow.models import Hold
from apps.inventory.models import InventoryItem
from apps.trades.swaps.states import LIVE, SwapState


class Swap(Base):
    """One proposal; a counter is a new one that ends the former. Once agreed its terms do not change.

    In a ring cards go from who proposed to the other, from them to the third, and from the third back.
    """

    proposer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="swaps_proposed")
    other = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="swaps_received")
    third = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="rings_closed",
        db_index=False,  # swap_by_third
        help_text="of a ring: gives to who proposed",
    )
    answers = models.OneToOneField(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="answered_by",
        help_text="what it counters",
    )
    state = models.CharField(max_length=10, choices=SwapState, default=SwapState.PROPOSED)
    cash_minor = models.BigIntegerField(default=0, help_text="paid by who proposed; negative: by the other")
    currency = models.CharField(max_length=3, default="USD")
    message = models.CharField(max_length=300, blank=True)
    due_at = models.DateTimeField(null=True, blank=True, help_text="when the clock acts on the whole of it")
    checked_since = models.DateTimeField(
        null=True, blank=True, help_text="a moderator looks at it before money is asked for or parcels leave"
    )
    clock_left = models.DurationField(null=True, blank=True, help_text="what was left to the deadline when it stopped")
    agreed_at = models.DateTimeField(null=True, blank=True)
    funded_at = models.DateTimeField(null=True, blank=True, help_text="since when parcels may leave")
    broken_at = models.DateTimeField(
        null=True, blank=True, help_text="since when each parcel of a ring counts as a sale at its value"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    request_key = models.CharField(max_length=80, blank=True, help_text="a double click proposes once")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(proposer=F("other")), name="swap_between_two_people"),
            models.CheckConstraint(
                condition=Q(state__in=LIVE, closed_at__isnull=True) | (~Q(state__in=LIVE) & Q(closed_at__isnull=False)),
                name="swap_is_closed_when_it_ends",
            ),
            models.CheckConstraint(
                condition=Q(checked_since__isnull=True) | Q(state="agreed", due_at__isnull=True),
                name="swap_checked_is_agreed_without_clock",
            ),
            models.CheckConstraint(
                condition=Q(third__isnull=True) | (~Q(third=F("proposer")) & ~Q(third=F("other"))),
                name="swap_ring_of_three_people",
            ),
            models.CheckConstraint(
                condition=Q(third__isnull=True) | Q(cash_minor=0, answers__isnull=True),
                name="swap_ring_has_no_cash_and_counters_nothing",
            ),
            models.CheckConstraint(
                condition=Q(broken_at__isnull=True) | Q(third__isnull=False), name="swap_only_rings_become_sales"
            ),
            models.UniqueConstraint(
                fields=["proposer", "request_key"], condition=~Q(request_key=""), name="swap_once_per_request"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="swap_due"),
            models.Index(fields=["proposer", "-created_at"], name="swap_by_proposer"),
            models.Index(fields=["other", "-created_at"], name="swap_by_other"),
            models.Index(fields=["third", "-created_at"], condition=Q(third__isnull=False), name="swap_by_third"),
        ]

    def __str__(self) -> str:
        return f"swap {str(self.pk)[-6:]}"

    def get_absolute_url(self) -> str:
        """The swap room."""
        return reverse("swap", args=[self.pk])

    @property
    def is_ring(self) -> bool:
        """Whether three take part."""
        return self.third_id is not None

    @property
    def members(self) -> tuple[uuid.UUID, ...]:
        """All, who proposed first, in the order in which cards go round."""
        return (self.proposer_id, self.other_id, *([self.third_id] if self.third_id else []))

    @property
    def people(self) -> tuple[User, ...]:
        """As `members`."""
        return (self.proposer, self.other, *([self.third] if self.third_id else []))

    def partners_of(self, member_id: uuid.UUID) -> str:
        """The others, in words."""
        return " and ".join(str(person) for person in self.people if person.pk != member_id)

    def receiver_of(self, member_id: uuid.UUID) -> uuid.UUID:
        """To whom this member's cards go. Raises NotYours for who takes no part."""
        return self._from(member_id, 1)

    def sender_to(self, member_id: uuid.UUID) -> uuid.UUID:
        """Whose cards this member gets. Raises NotYours for who takes no part."""
        return self._from(member_id, -1)

    def _from(self, member_id: uuid.UUID, steps: int) -> uuid.UUID:
        members = self.members
        if member_id not in members:
            raise NotYours("That is not yours to do in this swap.")
        return members[(members.index(member_id) + steps) % len(members)]

    def cash_from(self, member_id: uuid.UUID) -> int:
        """What this member adds in cash."""
        return max(self.cash_minor if member_id == self.proposer_id else -self.cash_minor, 0)


class Side(Base):
    """What one member brings besides cards: the held money, the parcel that they send, the address it comes to."""

    swap = models.ForeignKey(Swap, on_delete=models.CASCADE, related_name="sides")
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ship_to = SealedAddressField(default=dict, blank=True, help_text="where this member's new cards go")
    agreed_at = models.DateTimeField(null=True, blank=True)
    deposit_minor = models.PositiveBigIntegerField(default=0, help_text="comes back when all is well")
    hold = models.OneToOneField(Hold, null=True, on_delete=models.PROTECT, related_name="swap_side")
    carrier = models.CharField(max_length=60, blank=True)
    tracking_number = models.CharField(max_length=60, blank=True)
    shipped_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(
        null=True, blank=True, help_text="this member's parcel reached who was to get it"
    )
    accepted_at = models.DateTimeField(null=True, blank=True, help_text="its receiver is content with it")
    due_at = models.DateTimeField(null=True, blank=True, help_text="when the receiver's silence counts as content")
    asked_at = models.DateTimeField(null=True, blank=True, help_text="when the carrier was asked last")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["swap", "member"], name="swap_side_once"),
            models.CheckConstraint(
                condition=Q(delivered_at__isnull=True) | Q(shipped_at__isnull=False),
                name="swap_delivered_after_shipped",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(shipped_at__isnull=False), name="swap_accepted_after_shipped"
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="swap_side_due")]

    def __str__(self) -> str:
        return f"side of {self.swap_id}"


class SwapLine(Base):
    """Copies that one side gives, with the fair value of one copy as it was when this was proposed."""

    swap = models.ForeignKey(Swap, on_delete=models.CASCADE, related_name="lines")
    giver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(InventoryItem, on_delete=models.PROTECT, related_name="swap_lines")
    quantity = models.PositiveIntegerField()
    value_minor = models.PositiveBigIntegerField(null=True, help_text="empty: no fair value in this currency")
    low_minor = models.PositiveBigIntegerField(null=True)
    high_minor = models.PositiveBigIntegerField(null=True)
    valued_at = models.DateTimeField(null=True, help_text="age of the value's newest input")
    condition_label = models.CharField(max_length=12)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["swap", "item"], name="swap_line_once_per_item"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="swap_line_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.item_id}"


class SwapMessage(Base):
    """What they say to each other; also the system's own lines (no author)."""

    swap = models.ForeignKey(Swap, on_delete=models.CASCADE, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    body = models.CharField(max_length=2000)

    class Meta:
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return self.body[:40]
