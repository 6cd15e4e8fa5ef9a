"""Fingerprints of reference images: made for those that lack one, image by image, so that a stop loses nothing."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q, QuerySet

from apps.catalog.models import ProductImage
from apps.scans.engines import embedder
from apps.scans.models import Fingerprint
from apps.scans.references import reference_picture

BATCH = 64


def unindexed() -> QuerySet[ProductImage]:
    """Images in storage without a fingerprint of the present engine."""
    current = Q(fingerprint__engine=embedder().version)
    return ProductImage.objects.exclude(file="").exclude(current).select_related("product__category").order_by("pk")


def index_pending() -> Iterator[tuple[int, int]]:
    """Make what is missing, yielding (indexed, unreadable) after each batch."""
    engine, last = embedder(), None
    while True:
        rows = unindexed()
        batch = list((rows.filter(pk__gt=last) if last else rows)[:BATCH])
        if not batch:
            return
        last = batch[-1].pk
        readable = [(row, picture) for row in batch if (picture := reference_picture(row.file)) is not None]
        found = engine.embed([picture for _, picture in readable])
        Fingerprint.objects.bulk_create(
            [
                Fingerprint(
                    image=row,
                    product=row.product,
                    game=row.product.category.game,
                    engine=engine.version,
                    bits="".join(f"{byte:08b}" for byte in found.hashes[i]),
                    vector=found.vectors[i],
                )
                for i, (row, _) in enumerate(readable)
            ],
            update_conflicts=True,
            unique_fields=["image"],
            update_fields=["product", "game", "engine", "bits", "vector"],
        )
        yield len(readable), len(batch) - len(readable)
