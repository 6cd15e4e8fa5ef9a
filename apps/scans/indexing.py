"""Fingerprints of reference images, for every embedder that is kept up: made in batches, so that a stop loses nothing.

While one embedder's fingerprints are made, searches go on by another's. See rollout.kept_embedders.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.core.cache import cache
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.catalog.models import ProductImage
from apps.scans import engines, indexes, rollout
from apps.scans.models import Fingerprint
from apps.scans.references import reference_picture

BATCH = 64
TURN_SECONDS = 20.0
"""So long one task makes fingerprints before it lets others of its queue have their turn."""
_TRIED_AGAIN_AFTER = 3600
_GIVEN_UP_AFTER = 180


@dataclass(frozen=True)
class Progress:
    """How far an embedder's index is. done of `pictures` have a fingerprint.

    lacking: pictures that the embedder in service knows and this one does not yet.
    """

    pictures: int
    done: int
    lacking: int
    searchable: bool

    @property
    def is_complete(self) -> bool:
        """Whether it knows every card that the one in service knows, and can be searched quickly."""
        return not self.lacking and self.searchable


def kept() -> list[str]:
    """The embedders whose fingerprints are made, the one in service first."""
    return rollout.kept_embedders() or [engines.embedder().version]


def unindexed(engine: str = "") -> QuerySet[ProductImage]:
    """Images in storage without a fingerprint (of the file as it is now) of an embedder; of that in service unless named."""
    rows = ProductImage.objects.exclude(file="").exclude(Exists(_present(engine or kept()[0])))
    return rows.select_related("product__category").order_by("pk")


def _present(engine: str) -> QuerySet[Fingerprint]:
    same_file = Q(file="") | Q(file=OuterRef("file"))
    return Fingerprint.objects.filter(same_file, image=OuterRef("pk"), engine=engine)


_PROGRESS = """
select e.engine,
       (select count(*) from scans_fingerprint f where f.engine = e.engine),
       (select count(*) from scans_fingerprint known join catalog_productimage image on image.id = known.image_id
        where known.engine = %(serving)s and e.engine <> %(serving)s and image.file <> ''
        and known.file in ('', image.file)
        and not exists (select from scans_fingerprint f
                        where f.image_id = image.id and f.engine = e.engine and f.file in ('', image.file)))
from unnest(%(engines)s::text[]) as e(engine)
"""


def progress_of(engines: Sequence[str]) -> dict[str, Progress]:
    """How far embedders' indexes are: four queries."""
    serving = next(iter(rollout.kept_embedders()), "")
    pictures, built = ProductImage.objects.exclude(file="").count(), indexes.built(engines)
    with connection.cursor() as cursor:
        cursor.execute(_PROGRESS, {"serving": serving, "engines": list(engines)})
        return {
            engine: Progress(pictures, done, lacking, done <= indexes.EXACT_ROWS or engine in built)
            for engine, done, lacking in cursor.fetchall()
        }


def progress(engine: str) -> Progress:
    """How far one embedder's index is."""
    return progress_of([engine])[engine]


def index_pending(engine: str = "") -> Iterator[tuple[int, int]]:
    """Make what is missing of an embedder, or of every one that is kept up, yielding (indexed, unreadable) per batch."""
    for version in [engine] if engine else kept():
        for indexed, unreadable, _ in _batches(version, after=None):
            yield indexed, unreadable
        make_searchable(version)


def make_searchable(engine: str) -> None:
    """Build an embedder's search indexes where it has enough rows to need them; quick where they are there."""
    if Fingerprint.objects.filter(engine=engine).count() > indexes.EXACT_ROWS:
        indexes.ensure(engine)


def _batches(engine: str, *, after: uuid.UUID | None) -> Iterator[tuple[int, int, uuid.UUID]]:
    """(indexed, unreadable, key of the last image) of each batch, in order of keys."""
    made_by, rows = engines.engine("embed", engine), unindexed(engine)
    if made_by.version != engine:
        return  # it cannot be had here, and another's fingerprints must not bear its name
    while batch := list((rows.filter(pk__gt=after) if after else rows)[:BATCH]):
        after = batch[-1].pk
        readable = [(row, picture) for row in batch if (picture := reference_picture(row.file)) is not None]
        found = made_by.embed([picture for _, picture in readable])
        Fingerprint.objects.bulk_create(
            [
                Fingerprint(
                    image=row,
                    product=row.product,
                    game=row.product.category.game,
                    engine=engine,
                    file=row.file,
                    bits="".join(f"{byte:08b}" for byte in found.hashes[i]),
                    vector=found.vectors[i],
                )
                for i, (row, _) in enumerate(readable)
            ],
            update_conflicts=True,
            unique_fields=["image", "engine"],
            update_fields=["product", "game", "file", "bits", "vector"],
        )
        yield len(readable), len(batch) - len(readable), after


def keep_up() -> list[str]:
    """Have made what is missing of the embedders that are kept up, in the background; returns which.

    Called on a schedule: a worker that dies halfway is made good for after three minutes. Pictures that cannot be read
    are tried again once an hour.
    """
    behind = [engine for engine in kept() if not cache.get(_on_its_way(engine)) and _has_news(engine)]
    for engine in behind:
        _give_to_the_queue(engine, after=None)
    return behind


def carry_on(*, engine: str, after: uuid.UUID | None = None, seconds: float = TURN_SECONDS) -> bool:
    """Make fingerprints for so long, and leave the rest to the next task; False where another worker is at it."""
    deadline, last, finished = time.monotonic() + seconds, after, True
    with _alone(engine) as alone:
        if not alone:
            return False
        for _, _, reached in _batches(engine, after=after):
            if time.monotonic() >= deadline:
                last, finished = reached, False
                break
        if finished:
            make_searchable(engine)
            cache.delete(_on_its_way(engine))
            cache.set(_note(engine), _left(engine), _TRIED_AGAIN_AFTER)
    if not finished:
        _give_to_the_queue(engine, after=last)
    return True


def prune(engine: str) -> int:
    """Remove an embedder's indexes and fingerprints; returns how many. Which may go is decided in actions/versions.py."""
    indexes.drop(engine)
    removed, last = 0, 0
    while keys := list(
        Fingerprint.objects.filter(engine=engine, pk__gt=last).order_by("pk").values_list("pk", flat=True)[:5000]
    ):
        last = keys[-1]
        removed += Fingerprint.objects.filter(pk__in=keys).delete()[0]
    return removed


def _has_news(engine: str) -> bool:
    """Whether something is missing beyond what was found unreadable the last time."""
    left = _left(engine)
    return (bool(left[0]) and cache.get(_note(engine)) != left) or not progress(engine).searchable


def _left(engine: str) -> tuple[int, str]:
    """How many images lack a fingerprint, and the newest of them."""
    rows = unindexed(engine)
    newest = rows.order_by("-pk").values_list("pk", flat=True).first()
    return rows.order_by().count(), str(newest or "")


def _note(engine: str) -> str:
    return f"scans.unreadable.{engine}"


def _on_its_way(engine: str) -> str:
    """Set while a task of this embedder waits or works, so that the schedule does not send a second one after it."""
    return f"scans.indexing.{engine}"


def _give_to_the_queue(engine: str, *, after: uuid.UUID | None) -> None:
    from apps.scans.tasks import index_references

    cache.set(_on_its_way(engine), True, _GIVEN_UP_AFTER)
    index_references.apply_async([engine, str(after or "")], retry=False)


@contextmanager
def _alone(engine: str) -> Iterator[bool]:
    """Whether no other worker makes this embedder's fingerprints; the lock goes with the connection of a killed one."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(hashtext('scans.indexing'), hashtext(%s))", [engine])
        alone = bool(cursor.fetchone()[0])
        try:
            yield alone
        finally:
            if alone:
                cursor.execute("select pg_advisory_unlock(hashtext('scans.indexing'), hashtext(%s))", [engine])
