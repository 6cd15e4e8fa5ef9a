"""A second embedder beside the shipped one, and reference pictures to index: what tests of versions stand on."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from apps.catalog.images import store_reference
from apps.catalog.models import Product
from apps.scans import engines, registry
from apps.scans.models import ModelVersion
from ml import engines as known
from ml.hashing import HashEmbedder
from ml.types import Descriptors, Picture
from tests.factories import make_product, make_variant

OLD = known.DEFAULTS["embed"]
NEW = "dct256-gradient256-of-negatives-1"


class NegativeEmbedder(HashEmbedder):
    """Hashes and vectors of the negative: as good as the other, and comparable with nothing of it."""

    version = NEW

    def embed(self, pictures: Sequence[Picture]) -> Descriptors:
        found = super().embed([np.asarray(255 - picture) for picture in pictures])
        return Descriptors(found.hashes, np.roll(found.vectors, 7, axis=1))


@pytest.fixture
def second_embedder(monkeypatch) -> None:
    """The program brings a second embedder; nothing else is said of it yet."""
    monkeypatch.setitem(known._WRITTEN["embed"], NEW, lambda setup: NegativeEmbedder())
    monkeypatch.setattr(engines, "_held", {})


@pytest.fixture
def versions(second_embedder) -> dict[str, ModelVersion]:
    """Everything registered; the embedders by name."""
    registry.register()
    return {row.version: row for row in ModelVersion.objects.filter(stage="embed")}


def card_picture(seed: int) -> Image.Image:
    """A card unlike others of another seed."""
    pixels = np.random.default_rng(seed).integers(0, 255, (8, 6, 3), np.uint8)
    return Image.fromarray(pixels).resize((192, 256), Image.Resampling.BICUBIC)


def pictured(count: int, *, first: int = 0) -> list[Product]:
    """Cards with reference pictures, not indexed yet."""
    products = []
    for seed in range(first, first + count):
        product = make_product(f"Card {seed}", number=str(seed + 1), code="refs1")
        make_variant(product)
        buffer = io.BytesIO()
        card_picture(seed).save(buffer, "PNG")
        store_reference(product, buffer.getvalue())
        products.append(product)
    return products
