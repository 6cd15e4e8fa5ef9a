"""The rest of the running product beside the site: a Celery worker on the real queue, and a catalogue to recognise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from celery.contrib.testing.worker import start_worker

from apps.catalog.images import store_reference
from apps.catalog.models import Product, Variant
from apps.core import outbox
from apps.demo.art import draw
from apps.demo.photographs import Photograph, compose_all
from apps.escrow import actions as escrow
from apps.scans.indexing import index_pending
from apps.valuations.sources import plant
from tests.factories import make_price, make_product, make_variant, png_bytes

NAMES = (
    "Alakazam", "Blastoise", "Chansey", "Charizard", "Clefairy", "Gyarados", "Hitmonchan", "Machamp", "Magneton",
    "Mewtwo", "Nidoking", "Ninetales", "Poliwrath", "Raichu", "Venusaur", "Zapdos", "Beedrill", "Dragonair",
)  # fmt: skip


@pytest.fixture
def worker(site: str) -> Iterator[None]:
    """Celery on the test's own Redis, all queues, in a thread of this process."""
    from config.celery import app

    app.control.purge()
    with start_worker(app, pool="solo", perform_ping_check=False, queues=["default", "feeds", "vision", "notify"]):
        yield


@dataclass
class Catalogue:
    """Drawn cards with pictures, prices and fingerprints, and photographs of them."""

    products: list[Product]
    photographs: dict[str, Photograph]

    def variant(self, position: int) -> Variant:
        """The printing of a card by its place in the list."""
        return self.products[position].variants.get()


@pytest.fixture
def catalogue(site: str, tmp_path_factory: pytest.TempPathFactory, settings: object) -> Catalogue:
    """Eighteen cards of one set."""
    from django.apps import apps

    plant(apps)
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")
    cards, products = [], []
    for number, name in enumerate(NAMES, 1):
        product = make_product(name, number=str(number), code="base1")
        if number == 1:
            product.release.total_cards, product.release.abbreviation = 102, "BS"
            product.release.save()
        picture = draw(
            name=name, number=str(number), total=102, set_code="BS", set_name="Base Set", rarity="Rare", game="pokemon"
        )
        make_price(make_variant(product), "12.50")
        store_reference(product, png_bytes(picture))
        cards.append((str(product.pk), picture))
        products.append(product)
    for _ in index_pending():
        pass
    return Catalogue(products, {photo.name: photo for photo in compose_all(cards)})


@pytest.fixture
def settle() -> object:
    """What beat does every few seconds, done now: webhooks, events, settlements."""

    def run() -> None:
        for _ in range(3):
            escrow.handle_webhooks(limit=100)
            outbox.relay()
            escrow.settle_due()

    return run
