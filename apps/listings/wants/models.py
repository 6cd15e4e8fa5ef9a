"""What members look for and would trade away: list, want with the printings that will do, have, match."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.catalog.models import Category, Finish, Product
from apps.core.conditions import Condition
from apps.core.models import Base
from apps.core.money import Money
from apps.inventory.exchange.vocabulary import NAMES
from apps.inventory.models import InventoryItem
from apps.listings.models import Listing


def anything() -> list[str]:
    """No condition: whatever there is will do."""
    return []


class WantList(Base):
    """A named list of wanted cards."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="want_lists")
    name = models.CharField(max_length=60)
    is_public = models.BooleanField(default=False, help_text="whether other members may see it")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="want_list_name_once")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The list's page."""
        return reverse("want-list", args=[self.pk])


class Want(Base):
    """Copies that are looked for. Empty conditions, languages or finishes take any."""

    class State(models.TextChoices):
        """Whether it is looked for."""

        OPEN = "open", _("Looked for")
        UNCLEAR = "unclear", _("Which card?")
        UNKNOWN = "unknown", _("Not found")
        DONE = "done", _("Bought")

    list = models.ForeignKey(WantList, on_delete=models.CASCADE, related_name="wants")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=7, choices=State)
    said = models.CharField(max_length=200, help_text="the line as it was typed or imported")
    reason = models.CharField(max_length=200, blank=True, help_text="why it is not clear")
    quantity = models.PositiveIntegerField(help_text="copies that are still looked for")
    conditions = ArrayField(models.CharField(max_length=3, choices=Condition), default=anything)
    languages = ArrayField(models.CharField(max_length=5), default=anything)
    finishes = ArrayField(models.CharField(max_length=24, choices=Finish), default=anything)
    most_minor = models.PositiveBigIntegerField(null=True, blank=True, help_text="for one copy; empty: any price")
    currency = models.CharField(max_length=3, default="USD")
    any_name = models.CharField(
        max_length=200, blank=True, help_text="any card of this name in the category will do, later ones too"
    )
    any_category = models.ForeignKey(Category, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    is_told = models.BooleanField(default=True, help_text="whether the owner is told of new matches")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(any_name="", any_category__isnull=True) | (~Q(any_name="") & Q(any_category__isnull=False)),
                name="want_any_name_in_a_category",
            ),
            models.CheckConstraint(condition=Q(state="done") | Q(quantity__gt=0), name="want_has_copies"),
            models.CheckConstraint(
                condition=Q(most_minor__isnull=True) | Q(most_minor__gt=0), name="want_most_positive"
            ),
        ]
        indexes = [
            models.Index(fields=["list", "created_at"], name="want_by_list"),
            models.Index(fields=["any_name", "any_category"], condition=~Q(any_name=""), name="want_any_printing"),
        ]

    def __str__(self) -> str:
        return self.said

    @property
    def most(self) -> Decimal | None:
        """The most that is paid, in major units."""
        return None if self.most_minor is None else Money(self.most_minor, self.currency).decimal

    @property
    def will_do(self) -> str:
        """Which copies are accepted, in words."""
        languages = [NAMES.get(code, code.upper()) for code in self.languages]
        finishes = [str(Finish(code).label) for code in self.finishes]
        said = [", ".join(self.conditions), ", ".join(languages), ", ".join(finishes)]
        return ", ".join(each for each in said if each) or str(_("any copy"))

    @property
    def takes_any_printing(self) -> bool:
        """Whether every card of the name will do."""
        return bool(self.any_name)


class WantedCard(models.Model):
    """A card that will do for a want; of one that is not clear, a card that it may be."""

    want = models.ForeignKey(Want, on_delete=models.CASCADE, related_name="cards")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["want", "product"], name="wanted_card_once")]

    def __str__(self) -> str:
        return f"{self.want_id} {self.product_id}"


class Have(models.Model):
    """An inventory item that its owner would trade away, whether it is listed or not."""

    item = models.OneToOneField(InventoryItem, primary_key=True, on_delete=models.CASCADE, related_name="have")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="haves")
    since = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.item_id)


class Match(models.Model):
    """An offer, or somebody's have, that will do for a want: told of once, shown as long as it holds."""

    want = models.ForeignKey(Want, on_delete=models.CASCADE, related_name="matches")
    listing = models.ForeignKey(Listing, null=True, on_delete=models.CASCADE, related_name="+")
    have = models.ForeignKey(Have, null=True, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "matches"
        constraints = [
            models.UniqueConstraint(
                fields=["want", "listing"], condition=Q(listing__isnull=False), name="match_once_per_listing"
            ),
            models.UniqueConstraint(
                fields=["want", "have"], condition=Q(have__isnull=False), name="match_once_per_have"
            ),
            models.CheckConstraint(
                condition=Q(listing__isnull=True) ^ Q(have__isnull=True), name="match_of_listing_or_have"
            ),
        ]
        indexes = [models.Index(F("at").desc(), name="match_fresh")]

    def __str__(self) -> str:
        return f"{self.want_id} {self.listing_id or self.have_id}"
