"""A program of its own: web and a worker in one process, watched as the environment says.

`python -m tests.config.observing.watched ADDRESS`: the address that a task asks. Log lines go to standard error.
"""

import os
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.config.observing.watched_settings"

import django

django.setup()

import sentry_sdk  # noqa: E402
from celery.contrib.testing.worker import start_worker  # noqa: E402
from django.test import Client  # noqa: E402
from opentelemetry import trace  # noqa: E402

from config.celery import app  # noqa: E402
from tests.config.observing import site  # noqa: E402


def main(address: str) -> None:
    """A request whose task calls out, a page that breaks, a task that breaks; then everything is sent."""
    browser = Client(raise_request_exception=False, headers={"User-Agent": "private-browser"})
    with start_worker(app, pool="solo", perform_ping_check=False, queues=["watched"]):
        browser.get("/work/", {"address": address, "q": "private-search"}, headers={"X-Request-ID": "request-of-work"})
        browser.post("/broken/", {"email": "ada.lovelace@example.com"}, headers={"X-Request-ID": "request-broken"})
        browser.get("/hurt/", headers={"X-Request-ID": "request-of-hurt"})
        site.end.delay()
        assert site.ENDED.wait(timeout=60), "the worker did not come to the last task"
    trace.get_tracer_provider().force_flush()  # type: ignore[attr-defined]
    sentry_sdk.flush(timeout=10)


if __name__ == "__main__":
    main(sys.argv[1])
