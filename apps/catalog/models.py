"""The catalogue: category tree, release, product, variant, image, barcode, ids of other sites. Prices: valuations."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.core.models import Base
from ml import gtin


class Category(models.Model):
    """A node of the tree, e.g. `trading-cards/pokemon`; says which attributes and identifiers its products have."""

    path = models.CharField(max_length=120, unique=True, help_text="slugs from the root, e.g. trading-cards/pokemon")
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    name = models.CharField(max_length=80)
    game = models.CharField(
        max_length=20, blank=True, help_text="short code of the API: pokemon, onepiece, magic, lego"
    )
    attribute_schema = models.JSONField(default=dict, blank=True, help_text="JSON Schema of the products' attributes")
    identifiers = models.JSONField(
        default=list, blank=True, help_text="what its products are identified by: vision, text, barcode"
    )

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["path"]

    def __str__(self) -> str:
        return self.name


class Release(Base):
    """A set, line or pack: what products came out together."""

    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="releases")
    code = models.CharField(max_length=40, help_text="e.g. base1, OP01, lea")
    name = models.CharField(max_length=160)
    series = models.CharField(max_length=80, blank=True)
    abbreviation = models.CharField(max_length=20, blank=True, help_text="what is printed on the cards, e.g. SVI, OP01")
    released_on = models.DateField(null=True, blank=True)
    total_cards = models.PositiveIntegerField(null=True, blank=True, help_text="the official count, as in 4/102")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["category", "code"], name="release_once_per_category")]
        ordering = ["-released_on", "name"]

    def __str__(self) -> str:
        return self.name


class Product(Base):
    """One printing of one card, one toy, one artwork. Natural key: category, release, number."""

    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products")
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="products")
    number = models.CharField(max_length=40, help_text="as printed, without the total: 4, 026, OP01-016_p1")
    number_key = models.CharField(
        max_length=40,
        default="",
        editable=False,
        db_index=True,
        help_text="number as compared: op1-16-p1; kept by a trigger",
    )
    number_sort = models.PositiveIntegerField(default=0, editable=False, help_text="kept by a trigger")
    name = models.CharField(max_length=200)
    names = models.JSONField(default=dict, blank=True, help_text="names in other languages, by ISO 639-1 code")
    rarity = models.CharField(max_length=60, blank=True)
    artist = models.CharField(max_length=120, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    search = SearchVectorField(null=True, editable=False, help_text="kept by a trigger, see migration 0002")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["category", "release", "number"], name="product_once_per_number"),
        ]
        indexes = [
            GinIndex(fields=["search"], name="product_search"),
            models.Index(fields=["category", "rarity"], name="product_by_rarity"),
            models.Index(fields=["release", "number_sort", "number"], name="product_in_release_order"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.number}"

    def get_absolute_url(self) -> str:
        """The card page."""
        return reverse("card", args=[self.pk])


class Finish(models.TextChoices):
    """How a card is printed. TCGplayer's printing names map onto these."""

    NORMAL = "normal", _("Normal")
    HOLOFOIL = "holofoil", _("Holofoil")
    REVERSE_HOLOFOIL = "reverse-holofoil", _("Reverse Holofoil")
    FOIL = "foil", _("Foil")
    ETCHED = "etched", _("Etched")
    FIRST_EDITION = "first-edition", _("1st Edition")
    FIRST_EDITION_HOLOFOIL = "first-edition-holofoil", _("1st Edition Holofoil")
    SEALED = "sealed", _("Sealed")


class Variant(Base):
    """A product in one finish, treatment and language: the thing that has a price."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="variants")
    finish = models.CharField(max_length=24, choices=Finish, default=Finish.NORMAL)
    language = models.CharField(max_length=5, default="en", help_text="ISO 639-1")
    treatment = models.CharField(
        max_length=80,
        blank=True,
        default="",
        help_text="what else sets it apart: Shadowless, Master Ball, Staff stamp, Jumbo",
    )
    is_default = models.BooleanField(default=False, help_text="the one a page shows first")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "finish", "language", "treatment"], name="variant_once"),
            models.UniqueConstraint(fields=["product"], condition=Q(is_default=True), name="variant_one_default"),
        ]

    def __str__(self) -> str:
        return f"{self.product} · {self.label} · {self.language}"

    @property
    def label(self) -> str:
        """Finish and treatment in words, e.g. "Reverse Holofoil, Master Ball"."""
        return ", ".join(filter(None, [self.get_finish_display(), self.treatment]))


class ExternalId(models.Model):
    """What another site calls a product or variant. Not unique per id: Cardmarket shares ids between cards."""

    source = models.CharField(max_length=24, help_text="tcgplayer, cardmarket, scryfall, tcgdex, punk-records …")
    value = models.CharField(max_length=64)
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="external_ids")
    variant = models.ForeignKey(Variant, null=True, blank=True, on_delete=models.CASCADE, related_name="external_ids")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "value", "product", "variant"], nulls_distinct=False, name="external_id_once"
            ),
        ]
        indexes = [models.Index(fields=["source", "value"], name="external_id_lookup")]

    def __str__(self) -> str:
        return f"{self.source}:{self.value}"


class Barcode(Base):
    """A retail barcode of a product, as 13 digits (see ml/gtin.py). A product may have one per region; each means one product."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="barcodes")
    value = models.CharField(
        max_length=gtin.LENGTH,
        unique=True,
        error_messages={"unique": _("This barcode belongs to another product already.")},
    )

    class Meta:
        ordering = ["value"]
        constraints = [
            models.CheckConstraint(condition=Q(value__regex=r"^[0-9]{13}$"), name="barcode_is_thirteen_digits"),
        ]

    def __str__(self) -> str:
        return self.printed

    @property
    def printed(self) -> str:
        """As it stands under the bars."""
        return gtin.printed(self.value)


class ProductImage(Base):
    """A reference picture of a product, with thumbnails beside it in storage."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="images")
    variant = models.ForeignKey(Variant, null=True, blank=True, on_delete=models.CASCADE, related_name="images")
    language = models.CharField(max_length=5, default="en")
    file = models.CharField(
        max_length=200, help_text="storage name of the largest picture; empty until fetched", blank=True
    )
    source_url = models.URLField(max_length=400, blank=True)
    credit = models.CharField(max_length=120, blank=True)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    is_primary = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product"], condition=Q(is_primary=True), name="image_one_primary"),
        ]

    def __str__(self) -> str:
        return self.file or self.source_url


class Word(models.Model):
    """A word of the catalogue's names: what a mistyped word is compared with."""

    word = models.CharField(max_length=80, primary_key=True, db_collation="C")
    frequency = models.PositiveIntegerField(help_text="how many products carry it")

    class Meta:
        indexes = [GinIndex(fields=["word"], name="word_trigrams", opclasses=["gin_trgm_ops"])]

    def __str__(self) -> str:
        return self.word
