"""Celery's door into the demo: the pictures that were not drawn at the start."""

from celery import shared_task

from apps.demo import catalogue


@shared_task(queue="feeds")
def draw_more() -> None:
    """A few pictures, then itself again until none is missing, so that other work gets its turn."""
    if catalogue.draw_more():
        draw_more.apply_async(countdown=1)
