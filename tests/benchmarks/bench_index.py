"""The reference index with two embedders' rows in one table: what searches miss, how long they take, how fast it is built.

Exact search over the same rows is the truth. Layouts: one HNSW index shared by both embedders, without and with pgvector's
iterative scan, and an index for each embedder, as shipped. 20,000 pictures for each; descriptors are those of the scans
in CARDVAULT_SAMPLE_DATA where there are any, else of pictures made here, mixed with each other up to that number.

    python -m tests.benchmarks index
"""

from __future__ import annotations

import io
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.scratch import scratch
from tests.benchmarks.sizes import Size, of

SIZES = {Size.TINY: (100, 4, 10, 2), Size.USUAL: (20_000, 200, 1_000, 300)}
"""Rows of each embedder, questions, rows that come later, pictures described."""
K = 20
RARE = 0.02
OLD, NEW = "bench-old", "bench-new"


def described(sample: Path, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Bits (n, 256) and vectors (n, 256) of real scans, or of made-up pictures; `most` at most."""
    import cv2

    from ml.hashing import HashEmbedder

    scans = sorted((sample / "cards/refs").glob("*"))[:most]
    if scans:
        pictures = [picture for path in scans if (picture := cv2.imread(str(path))) is not None]
    else:
        pictures = [made_up(seed) for seed in range(min(most, 1_000))]
    found = HashEmbedder().embed(pictures)
    return np.unpackbits(found.hashes, axis=1), found.vectors


def made_up(seed: int) -> np.ndarray:
    """A picture unlike those of other seeds."""
    import cv2

    pixels = np.random.default_rng(seed).integers(0, 255, (8, 6, 3), np.uint8)
    return cv2.resize(pixels, (384, 512), interpolation=cv2.INTER_CUBIC)


def mixed(bits: np.ndarray, vectors: np.ndarray, count: int, rng: Any) -> tuple[np.ndarray, np.ndarray]:
    """`count` rows like the given ones: these, then mixtures of two."""
    first, second = rng.integers(0, len(bits), (2, count))
    weight = rng.uniform(0.2, 0.5, (count, 1)).astype(np.float32)
    weight[: len(bits)], first[: len(bits)] = 0, np.arange(min(len(bits), count))
    blend = (1 - weight) * vectors[first] + weight * vectors[second]
    taken = rng.random((count, 256)) < weight
    return np.where(taken, bits[second], bits[first]), blend / np.linalg.norm(blend, axis=1, keepdims=True)


def elsewhere(bits: np.ndarray, vectors: np.ndarray, rng: Any) -> tuple[np.ndarray, np.ndarray]:
    """The same rows as another embedder would see them: as far from each other, and unrelated to the first."""
    turn, _ = np.linalg.qr(rng.normal(size=(256, 256)))
    return bits ^ rng.integers(0, 2, 256, np.uint8), (vectors @ turn).astype(np.float32)


def blurred(bits: np.ndarray, vectors: np.ndarray, rng: Any) -> tuple[np.ndarray, np.ndarray]:
    """Rows as a photograph would give them: a tenth of the bits flipped, the vectors off by half."""
    noise = rng.normal(size=vectors.shape).astype(np.float32)
    off = vectors + 0.5 * noise / np.linalg.norm(noise, axis=1, keepdims=True)
    return bits ^ (rng.random(bits.shape) < 0.1), off / np.linalg.norm(off, axis=1, keepdims=True)


def stored(count: int) -> list[tuple[Any, Any, str]]:
    """Products with pictures: (image key, product key, game); every fiftieth is of a rare game."""
    from apps.catalog.models import Category, Product, ProductImage, Release

    rows = []
    for game, share in (("pokemon", 1 - RARE), ("onepiece", RARE)):
        category = Category.objects.get(path=f"trading-cards/{game}")
        release = Release.objects.create(category=category, code=f"bench-{game}", name="Bench")
        products = Product.objects.bulk_create(
            [Product(category=category, release=release, number=str(n), name="x") for n in range(round(count * share))],
            batch_size=5_000,
        )
        images = ProductImage.objects.bulk_create(
            [ProductImage(product=product, file="catalog/bench.webp") for product in products], batch_size=5_000
        )
        rows += [(image.pk, image.product_id, game) for image in images]
    return rows


def copied(engine: str, keys: list[tuple[Any, Any, str]], bits: np.ndarray, vectors: np.ndarray) -> float:
    """Put rows in by COPY; seconds."""
    from django.db import connection

    started = time.perf_counter()
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "copy scans_fingerprint (image_id, product_id, game, engine, file, bits, vector) from stdin"
        ) as into,
    ):
        for (image, product, game), own, vector in zip(keys, bits, vectors, strict=True):
            into.write_row(
                (
                    image,
                    product,
                    game,
                    engine,
                    "",
                    "".join(map(str, own)),
                    "[" + ",".join(f"{v:.5g}" for v in vector) + "]",
                )
            )
    return time.perf_counter() - started


def execute(statement: str) -> float:
    """Run a statement; seconds."""
    from django.db import connection

    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(statement)
    return time.perf_counter() - started


@contextmanager
def shared_index() -> Iterator[None]:
    """One index for all embedders, as an earlier release had it."""
    for column, operators in (("bits", "bit_hamming_ops"), ("vector", "vector_cosine_ops")):
        execute(f"create index bench_{column} on scans_fingerprint using hnsw ({column} {operators})")
    yield
    execute("drop index bench_bits, bench_vector")


def asked(column: str, value: str, game: str, *, iterative: bool) -> list[float]:
    """The distances of the 20 nearest of the old embedder's rows by one column, through whatever index there is."""
    from django.db import connection

    operator, kind = ("<~>", "bit(256)") if column == "bits" else ("<=>", "vector(256)")
    with connection.cursor() as cursor:
        cursor.execute("set hnsw.ef_search = 100")
        cursor.execute(f"set hnsw.iterative_scan = {'relaxed_order' if iterative else 'off'}")
        cursor.execute(
            f"select {column} {operator} %s::{kind} from scans_fingerprint where engine = %s and (%s = '' or game = %s)"
            f" order by {column} {operator} %s::{kind} limit {K}",
            [value, OLD, game, game, value],
        )
        return [float(distance) for (distance,) in cursor.fetchall()]


def exact_search(queries: list[tuple[str, str]]) -> float:
    """Milliseconds of a search by vector that compares every row of the embedder, before there is any index."""
    started = time.perf_counter()
    for _, vector in queries:
        asked("vector", vector, "", iterative=False)
    return (time.perf_counter() - started) * 1000 / len(queries)


def recall(found: list[float], exact: np.ndarray) -> float:
    """How many of the nearest 20 were found; rows as near as the twentieth are as good as it."""
    return sum(distance <= np.sort(exact)[:K][-1] + 1e-5 for distance in found) / min(K, len(exact))


def searches(
    queries: list[tuple[str, str]], exact: list[tuple[np.ndarray, np.ndarray]], game: str, iterative: bool
) -> dict[str, float]:
    """Recall of 20 and milliseconds of a search by hash and by vector."""
    told: dict[str, float] = {}
    for place, column in enumerate(("bits", "vector")):
        started = time.perf_counter()
        answers = [asked(column, query[place], game, iterative=iterative) for query in queries]
        told[f"ms by {column}"] = (time.perf_counter() - started) * 1000 / len(queries)
        told[f"recall@20 by {column}"] = float(
            np.mean([recall(a, e[place]) for a, e in zip(answers, exact, strict=True)])
        )
    return told


def both(queries: Any, exact: list[np.ndarray], game: str | None) -> dict[str, float]:
    """Recall of 20 and milliseconds of the product's own search: by both measures, united, all queries in one round trip."""
    from apps.scans.references import DatabaseIndex
    from ml.index import nearness

    started = time.perf_counter()
    found = DatabaseIndex(OLD).nearest(queries, k=K, game=game)
    milliseconds = (time.perf_counter() - started) * 1000 / len(found)
    hits = [
        sum(nearness(m.distance, m.similarity) >= np.sort(near)[-K:][0] - 1e-4 for m in matches) / min(K, len(near))
        for matches, near in zip(found, exact, strict=True)
    ]
    return {"recall@20 united": float(np.mean(hits)), "ms united": milliseconds}


def measured(sample: Path, rows: int, questions: int, later: int, pictures: int) -> dict[str, Any]:
    """Everything, on an empty database."""
    from apps.scans import indexes
    from ml.index import nearness
    from ml.types import Descriptors

    rng = np.random.default_rng(7)
    bits, vectors = mixed(*described(sample, min(rows, 2_500)), rows, rng)
    keys = stored(rows)
    copied(OLD, keys, bits, vectors)
    copied(NEW, keys, *elsewhere(bits, vectors, rng))
    execute("analyze scans_fingerprint")

    chosen = rng.integers(0, rows, questions)
    query_bits, query_vectors = blurred(bits[chosen], vectors[chosen], rng)
    queries = [
        ("".join(map(str, own)), "[" + ",".join(f"{v:.5g}" for v in vector) + "]")
        for own, vector in zip(query_bits, query_vectors, strict=True)
    ]
    together = Descriptors(np.packbits(query_bits, axis=1), query_vectors.astype(np.float32))
    rare = np.array([game == "onepiece" for _, _, game in keys])
    signs, own = bits.astype(np.float32) * 2 - 1, query_bits.astype(np.float32) * 2 - 1
    distances, cosines = (256 - own @ signs.T) / 2, 1 - query_vectors @ vectors.T

    told: dict[str, Any] = {}
    slow = exact_search(queries[:20])
    for name, game, among in (("all games", "", np.ones(rows, bool)), (f"a game of {RARE:.0%}", "onepiece", rare)):
        exact = list(zip(distances[:, among], cosines[:, among], strict=True))
        united = [nearness(d, 1 - c) for d, c in exact]
        with shared_index():
            told[f"{name}: shared index"] = searches(queries, exact, game, iterative=False)
            told[f"{name}: shared index, iterative"] = searches(queries, exact, game, iterative=True)
        started = time.perf_counter()
        for engine in (OLD, NEW):
            indexes.ensure(engine)
        seconds = time.perf_counter() - started
        told[f"{name}: index per embedder (ours)"] = searches(queries, exact, game, iterative=True) | both(
            together, united, game or None
        )
        if not game:
            told[f"{name}: every row compared (baseline)"] = {"ms by vector": slow}
            ours = told[f"{name}: index per embedder (ours)"]
            ours["ratio of speed to every row compared"] = slow / ours["ms by vector"]
        told["build"] = {"rows/s into HNSW, both columns": 2 * rows / seconds}
        if not game:
            told["build"] |= grown(later, bits, vectors, rng)
        for engine in (OLD, NEW):
            indexes.drop(engine)
    told["while another is built"] = disturbed(together, keys, bits, vectors, rng)
    told["pictures"] = pictures_per_second(pictures)
    return told


def grown(count: int, bits: np.ndarray, vectors: np.ndarray, rng: Any) -> dict[str, float]:
    """Rows a second that an index in service takes in."""
    more, like = stored_more(count), 2 * count
    seconds = copied(OLD, more, *(part[:count] for part in mixed(bits[:like], vectors[:like], like + count, rng)))
    execute(
        "delete from scans_fingerprint where image_id in (select id from catalog_productimage where credit = 'more')"
    )
    return {"rows/s added to an index in service": count / seconds}


def stored_more(count: int) -> list[tuple[Any, Any, str]]:
    """Further products with pictures."""
    from apps.catalog.models import Category, Product, ProductImage, Release

    category = Category.objects.get(path="trading-cards/pokemon")
    release = Release.objects.create(category=category, code="bench-more", name="More")
    products = Product.objects.bulk_create(
        [Product(category=category, release=release, number=str(n), name="x") for n in range(count)]
    )
    images = ProductImage.objects.bulk_create(
        [ProductImage(product=p, file="catalog/b.webp", credit="more") for p in products]
    )
    return [(image.pk, image.product_id, "pokemon") for image in images]


def disturbed(queries: Any, keys: list[Any], bits: np.ndarray, vectors: np.ndarray, rng: Any) -> dict[str, float]:
    """Milliseconds of a card's search by the old embedder: alone, and while the new one's rows and index are made."""
    from django.db import connection

    from apps.scans import indexes
    from apps.scans.references import DatabaseIndex
    from ml.types import Descriptors

    execute(f"delete from scans_fingerprint where engine = '{NEW}'")
    execute("vacuum analyze scans_fingerprint")
    indexes.ensure(OLD)

    def search(place: int) -> tuple[float, int]:
        one = Descriptors(queries.hashes[place : place + 1], queries.vectors[place : place + 1])
        started = time.perf_counter()
        (found,) = DatabaseIndex(OLD).nearest(one, k=K)
        return (time.perf_counter() - started) * 1000, len(found)

    alone = [search(place) for place in range(len(queries))]
    there = elsewhere(bits, vectors, rng)
    phases: dict[str, list[tuple[float, int]]] = {"rows": [], "index": []}

    def build(step: Callable[[], object]) -> threading.Thread:
        def work() -> None:
            try:
                step()
            finally:
                connection.close()

        thread = threading.Thread(target=work)
        thread.start()
        return thread

    for phase, step in (("rows", lambda: copied(NEW, keys, *there)), ("index", lambda: indexes.ensure(NEW))):
        thread, place = build(step), 0
        while thread.is_alive():
            phases[phase].append(search(place % len(queries)))
            place += 1
    told = {"median ms, alone": float(np.median([ms for ms, _ in alone]))}
    for phase, found in phases.items():
        told[f"median ms, while {phase} are made" if phase == "rows" else "median ms, while the index is made"] = float(
            np.median([ms for ms, _ in found])
        )
        told[f"searches meanwhile ({phase})"] = len(found)
        told[f"without an answer ({phase})"] = sum(1 for _, count in found if count < K)
    return told


def pictures_per_second(count: int) -> dict[str, float]:
    """Stored pictures a second that become fingerprints, in one process, reading and decoding included."""
    from PIL import Image

    from apps.catalog.images import store_reference
    from apps.catalog.models import Category, Product, Release
    from apps.scans import indexing

    execute("truncate catalog_release cascade")
    category = Category.objects.get(path="trading-cards/pokemon")
    release = Release.objects.create(category=category, code="bench-pictures", name="Pictures")
    for seed in range(count):
        product = Product.objects.create(category=category, release=release, number=str(seed), name="x")
        buffer = io.BytesIO()
        Image.fromarray(made_up(seed)).resize((734, 1024)).save(buffer, "JPEG")
        store_reference(product, buffer.getvalue())
    started = time.perf_counter()
    done = sum(indexed for indexed, _ in indexing.index_pending())
    return {"pictures/s": done / (time.perf_counter() - started)}


def run(size: Size = Size.USUAL) -> dict[str, Any]:
    """Start a server, migrate, measure, print; returns the figures by name."""
    sample = Path(os.environ.get("CARDVAULT_SAMPLE_DATA", ""))
    with scratch():
        told = measured(sample, *of(SIZES, size))
    for what, figures in told.items():
        print(what)
        for figure, value in figures.items():
            print(f"    {figure:<44}{value:>12.3f}")
    print(json.dumps(told))
    return told


if __name__ == "__main__":
    run()
