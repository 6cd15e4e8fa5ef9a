"""Pages and tasks of which requests, tasks and failures are watched; urls of the program in `watched.py`."""

from __future__ import annotations

import threading

from celery import shared_task
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from apps.core.http import Fetcher
from config import urls

handler500 = urls.handler500
ENDED = threading.Event()


@shared_task
def fetch(address: str) -> None:
    """Ask an address."""
    with Fetcher(allow_private=True) as fetcher:
        fetcher.fetch(address, most_bytes=100)


@shared_task
def fail() -> None:
    """Break, with private words in the exception and in a variable."""
    person = "12 Main Street"
    raise RuntimeError("no account of ada.lovelace@example.com", len(person))


@shared_task
def end() -> None:
    """The last one."""
    ENDED.set()


def work(request: HttpRequest) -> HttpResponse:
    """Send a task that asks the address."""
    fetch.delay(request.GET["address"])
    return HttpResponse("sent")


def broken(request: HttpRequest) -> HttpResponse:
    """Break as the task does."""
    person = "12 Main Street"
    raise ValueError("no account of ada.lovelace@example.com, token=hunter22hunter22", len(person))


def hurt(request: HttpRequest) -> HttpResponse:
    """Send a task that breaks."""
    fail.delay()
    return HttpResponse("sent")


urlpatterns = [
    path("work/", work, name="work"),
    path("broken/", broken, name="broken"),
    path("hurt/", hurt, name="hurt"),
    path("", include(urls)),
]
