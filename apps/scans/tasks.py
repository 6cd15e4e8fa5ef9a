"""Celery's doors into scans: photos on the queue `vision`, reference pictures on `feeds`."""

import uuid

from celery import shared_task

from apps.scans import actions, indexing


@shared_task(
    autoretry_for=(Exception,), max_retries=actions.MOST_ATTEMPTS, retry_backoff=2, soft_time_limit=280, time_limit=300
)
def process_photo(photo_id: str) -> None:
    """A photo waits: look at those whose turn it is."""
    actions.look_at_waiting(photo_id=uuid.UUID(photo_id))


@shared_task
def resume_stalled() -> None:
    """Queue again what a dead worker left."""
    actions.resume_stalled()


# Fingerprints are made in turns of seconds; the search index over a million of them is built in one go.
@shared_task(soft_time_limit=4 * 3600, time_limit=4 * 3600 + 60)
def index_references(engine: str = "", after: str = "") -> None:
    """Make fingerprints of reference pictures: one embedder's for a while, or, unnamed, see which have news."""
    if engine:
        indexing.carry_on(engine=engine, after=uuid.UUID(after) if after else None)
    else:
        indexing.keep_up()


@shared_task(soft_time_limit=4 * 3600, time_limit=4 * 3600 + 60)
def prune_index(engine: str) -> None:
    """Remove what is left of an embedder that is out of use."""
    indexing.prune(engine)
