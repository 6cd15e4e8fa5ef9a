"""The demo's catalogue: our facts, and pictures of the cards that our own code draws."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connections
from PIL import Image

from apps.catalog.actions import import_catalog
from apps.catalog.images import FOLDER
from apps.catalog.models import Product, ProductImage
from apps.core import images
from apps.demo.art import draw
from apps.demo.photographs import Photograph, boxed, compose_all, one_card
from apps.inventory import actions as inventory
from apps.inventory.models import InventoryItem
from apps.scans.indexing import index_pending
from ml.generate.boxes import BoxFacts

FACTS = Path(__file__).parent / "facts"
# How many pictures of each category are drawn at once; the worker draws the others after the start.
PICTURES = {"trading-cards/pokemon": 72, "trading-cards/magic": 28, "trading-cards/onepiece": 32, "toys/lego": 12}
PHOTOS = "demo/photos"
LAST_PHOTO = "fan"
COPY_HEIGHT = 1200
"""Pixels of a photograph of a copy: it is looked at, and no scan reads it."""


def load_facts() -> int:
    """The catalogue's facts; returns how many products there are."""
    for path in sorted(FACTS.glob("*.csv")):
        import_catalog(kind="generic", path=path)
    return Product.objects.count()


def chosen_products(*, most: int | None = None) -> list[Product]:
    """The products that get a picture: the rarest first, so that the heroes have a face.

    most: about how many instead of all of PICTURES, in the same shares; at least one of each category.
    """
    found: list[Product] = []
    share = 1.0 if most is None else most / sum(PICTURES.values())
    for path, whole in PICTURES.items():
        count = max(1, round(whole * share))
        rows = Product.objects.filter(category__path=path).select_related("release", "category")
        ranked = sorted(rows, key=lambda p: (_rank(p.rarity), p.release.code, p.number_sort, p.number))
        found += ranked[:count]
    return found


def _rank(rarity: str) -> int:
    words = ("secret", "alternate", "special", "mythic", "holo", "leader", "super", "double", "rare", "uncommon")
    return next((rank for rank, word in enumerate(words) if word in rarity.lower()), len(words))


def facts_of(product: Product) -> dict[str, object]:
    """What the artist is told of a product."""
    finish = product.variants.filter(is_default=True).values_list("finish", flat=True).first()
    return {
        "name": product.name,
        "number": product.number,
        "total": product.release.total_cards,
        "set_code": product.release.abbreviation or product.release.code,
        "set_name": product.release.name,
        "rarity": product.rarity,
        "game": product.category.game,
        "finish": finish or "normal",
    }


def _drawn(facts: dict[str, object]) -> images.StoredImage:
    """Draw one picture and put it with its thumbnails into storage; runs in a process of its own, so without database."""
    return images.store(draw(**facts), folder=FOLDER)


def draw_pictures(*, most: int | None = None, processes: int = 2) -> int:
    """Draw, store and fingerprint the chosen pictures (see chosen_products) that are not there yet; returns how many.

    processes: how many draw side by side; 1 is this one.
    """
    products = [product for product in chosen_products(most=most) if not product.images.exclude(file="").exists()]
    facts = [facts_of(product) for product in products]
    if processes == 1:
        return _kept(products, [_drawn(each) for each in facts])
    connections.close_all()  # a connection must not be shared with the processes that are forked now
    with ProcessPoolExecutor(processes) as pool:
        return _kept(products, list(pool.map(_drawn, facts, chunksize=4)))


def draw_faces(product_ids: Iterable[UUID]) -> int:
    """Draw the pictures that these products still lack, in this process; returns how many."""
    lacking = Product.objects.filter(pk__in=list(product_ids), images__isnull=True)
    products = list(lacking.select_related("release", "category"))
    return _kept(products, [_drawn(facts_of(product)) for product in products])


def draw_more(*, limit: int = 8) -> int:
    """Draw some of the pictures that are still missing, in this process; returns how many. 0: none is missing."""
    facts_only = Product.objects.filter(images__isnull=True, release__code__in=_demo_releases())
    products = list(facts_only.select_related("release", "category").order_by("pk")[:limit])
    return _kept(products, [_drawn(facts_of(product)) for product in products])


def _demo_releases() -> set[str]:
    """The sets of our facts: an imported catalogue beside them gets no drawn pictures."""
    codes = set()
    for path in FACTS.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            codes |= {row["release_code"] for row in csv.DictReader(file)}
    return codes


def _kept(products: list[Product], stored: list[images.StoredImage]) -> int:
    """Enter drawn pictures into the catalogue and the reference index."""
    ProductImage.objects.bulk_create(
        (
            ProductImage(
                product=product, file=image.name, width=image.width, height=image.height, credit="Drawn by CardVault"
            )
            for product, image in zip(products, stored, strict=True)
        ),
        ignore_conflicts=True,  # the worker, still at it after a restart, was quicker
    )
    for _ in index_pending():
        pass
    return len(products)


def _boxes() -> list[Photograph]:
    """A photograph of the toy with the most pieces, as its box says who it is."""
    toys = Product.objects.filter(category__path="toys/lego", barcodes__isnull=False).select_related("release")
    toy = max(toys, key=lambda product: product.attributes.get("pieces", 0), default=None)
    if toy is None:
        return []
    facts = BoxFacts(
        line=toy.release.name,
        number=toy.number,
        name=toy.name,
        pieces=toy.attributes.get("pieces"),
        barcode=toy.barcodes.values_list("value", flat=True)[0],
    )
    return [boxed(str(toy.pk), facts)]


def compose_photographs() -> list[str]:
    """Photographs to try scanning with, in the media store; returns their names."""
    if default_storage.exists(f"{PHOTOS}/{LAST_PHOTO}.jpg"):
        return []
    cards = []
    for product in chosen_products():
        image = product.images.filter(is_primary=True).exclude(file="").first()
        if image is not None and len(cards) < 18:
            with default_storage.open(image.file) as file:
                cards.append((str(product.pk), Image.open(file).convert("RGB")))
    names = []
    for photograph in (*_boxes(), *compose_all(cards)):
        name = f"{PHOTOS}/{photograph.name}.jpg"
        if not default_storage.exists(name):
            buffer = io.BytesIO()
            photograph.picture.save(buffer, "JPEG", quality=88)
            names.append(default_storage.save(name, ContentFile(buffer.getvalue())))
    return names


def photograph_copy(item: InventoryItem) -> None:
    """A photograph of a member's own copy: its drawn card on a desk. Needs the card's picture."""
    reference = item.variant.product.images.filter(is_primary=True).exclude(file="").first()
    with default_storage.open(reference.file) as file:
        photograph = one_card([(str(item.pk), Image.open(file).convert("RGB"))], height=COPY_HEIGHT)
    stored = images.store(photograph.picture, folder=f"items/{item.pk}")
    inventory.attach_stored_photo(item=item, name=stored.name, width=stored.width, height=stored.height)
