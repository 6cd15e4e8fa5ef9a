"""Reference pictures of products: storing one with its thumbnails, and the address of the size that a page needs."""

from __future__ import annotations

import io

from django.db import transaction

from apps.catalog.models import Product, ProductImage, Variant
from apps.core import images

FOLDER = "catalog"
FULL = "full"


def image_url(image: ProductImage | str | None, size: int | str = 256) -> str:
    """Address of a picture: `size` 128, 256 or 512 (WebP) or "full". Empty where nothing is stored."""
    name = image if isinstance(image, str) else getattr(image, "file", "")
    return images.url(name, None if size == FULL else int(size)) if name else ""


@transaction.atomic
def store_reference(
    product: Product, content: bytes, *, variant: Variant | None = None, source_url: str = "", credit: str = ""
) -> ProductImage:
    """Store a reference picture with its thumbnails, as the product's first picture unless it has one already.

    A picture that was only known by its address gets its file; another picture of the same variant is replaced.
    Raises TooLarge and UnsupportedType like every upload.
    """
    stored = images.accept_upload(io.BytesIO(content), folder=FOLDER)
    Product.objects.select_for_update(of=("self",)).get(pk=product.pk)
    existing = list(ProductImage.objects.filter(product=product).order_by("-is_primary"))
    row = next((each for each in existing if each.variant_id == (variant and variant.pk)), None)
    if row is None:
        row = ProductImage(product=product, variant=variant, is_primary=not any(each.is_primary for each in existing))
    replaced = row.file
    row.file, row.width, row.height = stored.name, stored.width, stored.height
    row.source_url = source_url or row.source_url
    row.credit = credit or row.credit
    if variant is not None:
        row.language = variant.language
    row.save()
    if replaced:
        transaction.on_commit(lambda: images.remove(replaced))
    return row
