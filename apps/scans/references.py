"""The reference index and the text catalogue that recognition asks, over our own tables. See ml/interfaces.py."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence

import numpy as np
from django.core.files.storage import default_storage
from django.db import connection

from apps.catalog.models import Product, ProductImage
from apps.core import images
from ml.catalogue import MemoryCatalogue
from ml.index import Nearness, nearness
from ml.photo import UnreadablePhoto, decoded
from ml.types import CardEntry, Descriptors, Match, Picture

# What the catalogue calls a game and what recognition calls it, where they differ.
_TO_ML = {"magic": "mtg"}
_FROM_ML = {name: game for game, name in _TO_ML.items()}


def ml_game(game: str) -> str:
    """Recognition's name of a game."""
    return _TO_ML.get(game, game)


def catalogue_game(game: str) -> str:
    """The catalogue's name of a game."""
    return _FROM_ML.get(game, game)


# Nearest by either measure, with both measured: one round trip for all cards of a photo. `offset 0` has each query's
# vector parsed once and not again for every row.
_NEAREST = """
select q.i, near.product_id::text, near.distance, 1 - near.apart
from unnest(%s::int[], %s::text[], %s::text[]) as raw(i, bits_text, vector_text),
lateral (select raw.i, raw.bits_text::bit(256) as bits, raw.vector_text::vector(256) as vector offset 0) as q,
lateral (
    (select product_id, bits <~> q.bits as distance, vector <=> q.vector as apart from scans_fingerprint
     where engine = %s and (%s = '' or game = %s) order by bits <~> q.bits limit %s)
    union all
    (select product_id, bits <~> q.bits, vector <=> q.vector from scans_fingerprint
     where engine = %s and (%s = '' or game = %s) order by vector <=> q.vector limit %s)
) as near
"""


class DatabaseIndex:
    """References in pgvector: an HNSW search by hash and one by vector, united and ranked by both."""

    def __init__(self, engine: str, order: Nearness = nearness) -> None:
        """engine: the embedder's version; order: its `nearness`."""
        self.engine = engine
        self.order = order

    def nearest(self, queries: Descriptors, *, k: int, game: str | None = None) -> list[list[Match]]:
        """See `ml.interfaces.ReferenceIndex`. Keys are product ids as text."""
        found: list[dict[str, Match]] = [{} for _ in range(len(queries))]
        if not len(queries):
            return []
        wanted, narrowed = min(3 * k, 200), catalogue_game(game or "")
        bits = ["".join(map(str, row)) for row in np.unpackbits(queries.hashes, axis=1)]
        vectors = ["[" + ",".join(f"{value:.6g}" for value in row) + "]" for row in queries.vectors]
        side = [self.engine, narrowed, narrowed, wanted]
        with connection.cursor() as cursor:
            cursor.execute("select set_config('hnsw.ef_search', %s, false)", [str(max(100, wanted))])
            cursor.execute("select set_config('hnsw.iterative_scan', 'relaxed_order', false)")
            cursor.execute(_NEAREST, [list(range(len(queries))), bits, vectors, *side, *side])
            for i, key, distance, similarity in cursor.fetchall():
                match = Match(key, int(distance), float(similarity))
                known = found[i].get(key)
                if known is None or self._near(match) > self._near(known):
                    found[i][key] = match
        return [sorted(matches.values(), key=self._near, reverse=True)[:k] for matches in found]

    def _near(self, match: Match) -> float:
        return float(self.order(match.distance, match.similarity))

    def pictures(self, keys: Sequence[str]) -> Mapping[str, Picture]:
        """The primary reference pictures of these products, read from storage; a missing file is left out."""
        found: dict[str, Picture] = {}
        rows = ProductImage.objects.filter(product__in=keys, is_primary=True).exclude(file="")
        for product_id, name in rows.values_list("product_id", "file"):
            picture = reference_picture(name)
            if picture is not None:
                found[str(product_id)] = picture
        return found


def reference_picture(name: str) -> Picture | None:
    """A stored picture as pixels (its 512 px thumbnail, which is all that matching needs); None where it is gone."""
    for stored in (images.thumbnail_name(name, 512), name):
        try:
            with default_storage.open(stored) as file:
                return decoded(file.read())
        except (OSError, UnreadablePhoto):
            continue
    return None


_lock = threading.Lock()
_held: tuple[tuple[object, int, int], MemoryCatalogue] | None = None
_KEPT_SECONDS = 300  # a changed name shows after at most so long; a new card at once


def text_catalogue() -> MemoryCatalogue:
    """Every printing by number and name, held by the worker and read anew when the catalogue has changed."""
    global _held
    newest = Product.objects.order_by("-pk").values_list("pk", flat=True).first()
    version = (newest, Product.objects.count(), int(time.monotonic() // _KEPT_SECONDS))
    with _lock:
        if _held is None or _held[0] != version:
            _held = (version, MemoryCatalogue(_entries()))
        return _held[1]


def _entries() -> list[CardEntry]:
    rows = Product.objects.values_list(
        "pk", "category__game", "name", "number", "names", "release__code", "release__abbreviation",
        "release__total_cards", "release__name", "attributes__hp",
    )  # fmt: skip
    return [
        CardEntry(
            key=str(pk),
            game=ml_game(game),
            name=name,
            number=number.split("_")[0],
            set_code=abbreviation or code,
            total=str(total or ""),
            set_name=release,
            aliases=tuple(names.values()),
            hp=str(hp or ""),
        )
        for pk, game, name, number, names, code, abbreviation, total, release, hp in rows.iterator(chunk_size=5000)
    ]
