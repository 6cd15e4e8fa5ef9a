"""Where reference pictures come from: files that a CSV names, and addresses, at a polite pace. Fingerprints: indexing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from django.db.models import QuerySet

from apps.catalog import images as catalog_images
from apps.catalog import queries as catalog
from apps.catalog.models import Product, ProductImage
from apps.core.errors import DomainError
from apps.core.http import Fetcher, FetchFailed, FetchRefused
from apps.scans.references import catalogue_game
from ml.catalogue import plain

MOST_BYTES = 15 * 2**20
LONGEST_WAIT = 60.0
MOST_FAILURES = 8
"""So many failed downloads in a row mean that the other side, or the network, is gone."""


class SourceGone(Exception):
    """Nothing is to be had from there now; what was stored stays, and a later run goes on with the rest."""


def product_of(row: dict[str, str]) -> Product | None:
    """The one card that a row means by game, set and number; the name decides between several.

    Without a number only a name that a single card of the game bears is clear enough: a wrong reference picture would
    name cards wrongly for ever.
    """
    game, number, name = (row.get(key) or "" for key in ("game", "number", "name"))
    release = row.get("set") or ""
    found = catalog.find_printing(game=catalogue_game(game), release=release, number=number, name=name)
    exact = [product for product in found if product.number == number] if number else []
    named = [product for product in found if plain(product.name) == plain(name)] if name else []
    if number and release:
        return next(iter(exact or found), None)
    fitting = [product for product in exact or found if not name or product in named]
    return fitting[0] if len(fitting) == 1 else None


def take_in(row: dict[str, str], folder: Path) -> str:
    """Store the picture of one CSV row, or note its address: "stored", "noted", "known", or why it was rejected."""
    product = product_of(row)
    if product is None:
        wanted = " ".join(filter(None, (row.get(key) or "" for key in ("game", "set", "number", "name"))))
        return f"no single card {wanted} in the catalogue"
    primary = product.images.filter(is_primary=True).first()
    if primary is not None and primary.file:
        return "known"
    if file := row.get("file") or "":
        try:
            catalog_images.store_reference(product, (folder / file).read_bytes())
        except OSError as error:
            return f"{file}: {error.strerror or error}"
        except DomainError as error:
            return f"{file}: {error}"
        return "stored"
    address = row.get("url") or ""
    if not address.startswith(("http://", "https://")):
        return "neither a file nor a web address"
    ProductImage.objects.update_or_create(product=product, is_primary=True, defaults={"source_url": address})
    return "noted"


def awaited() -> QuerySet[ProductImage]:
    """Pictures known by their address alone."""
    return ProductImage.objects.filter(file="").exclude(source_url="").select_related("product").order_by("pk")


def download(*, per_second: float, limit: int = 0, allow_private: bool = False) -> Iterator[tuple[str, str]]:
    """Fetch awaited pictures, no faster than `per_second`, yielding each address with "" or what was wrong with it.

    Each is stored at once, so a stop loses nothing. An answer that says when to come back is obeyed, up to a minute.
    Raises SourceGone after MOST_FAILURES failures in a row.
    """
    rows = awaited()
    failures, due = 0, time.monotonic()
    with Fetcher(allow_private=allow_private) as fetcher:
        for row in list(rows[:limit] if limit else rows):
            time.sleep(max(0.0, due - time.monotonic()))
            due = max(due, time.monotonic()) + 1 / per_second
            wrong, wait = _downloaded(fetcher, row)
            due += wait
            failures = failures + 1 if wait else 0
            yield row.source_url, wrong
            if failures >= MOST_FAILURES:
                raise SourceGone(f"{failures} downloads failed one after the other, the last with: {wrong}")


def _downloaded(fetcher: Fetcher, row: ProductImage) -> tuple[str, float]:
    """What was wrong ("" where nothing was), and the seconds to wait on top where the other side failed."""
    try:
        found = fetcher.fetch(row.source_url, most_bytes=MOST_BYTES, accept=("image/", "application/octet-stream"))
        if found is None:
            return "no content", 0.0
        catalog_images.store_reference(row.product, found.content, source_url=row.source_url, credit=row.credit)
    except FetchFailed as error:
        return str(error), min(error.retry_after or 0.5, LONGEST_WAIT)
    except (FetchRefused, DomainError) as error:
        return str(error), 0.0
    return "", 0.0
