"""What it costs to be measured: the time of a request without the instruments over that of the same with them, and a scrape.

One process, the whole stack of middleware, no network between: the least of each page's work, so that the share is the largest.
The two take turns. `none` is a page that does nothing (/healthz), `home` the front page on an empty database.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable

from tests.benchmarks.scratch import scratch
from tests.benchmarks.sizes import Size, of

TOKEN = "token-of-the-benchmark"
SIZES = {Size.TINY: (1, 1, 3), Size.USUAL: (60, 20, 400)}
"""Turns, requests of each, and the routes in a scrape: as many as the product has, each asked."""
PAGES = {"none": "/healthz", "home": "/"}


def handler(*, measured: bool) -> Callable[[str], int]:
    """Answers a path with a status, through all middleware or all but the one that measures."""
    from django.conf import settings
    from django.core.handlers.base import BaseHandler
    from django.test import RequestFactory, override_settings

    ours = "apps.core.measuring.measured"
    stack = [name for name in settings.MIDDLEWARE if measured or name != ours]
    made = BaseHandler()
    with override_settings(MIDDLEWARE=stack):
        made.load_middleware()
    factory = RequestFactory()

    def answer(path: str) -> int:
        return int(made.get_response(factory.get(path, headers={"Host": "127.0.0.1"})).status_code)

    return answer


def seconds_of(answer: Callable[[str], int], path: str, times: int) -> float:
    """Of one request, in the mean of a few."""
    began = time.perf_counter()
    for _ in range(times):
        assert answer(path) == 200
    return (time.perf_counter() - began) / times


def taking_turns(path: str, rounds: int, times: int) -> dict[str, float]:
    """The medians with and without."""
    plain, measured = handler(measured=False), handler(measured=True)
    found: dict[str, list[float]] = {"without": [], "with": []}
    for _ in range(min(3, rounds)):
        seconds_of(plain, path, times), seconds_of(measured, path, times)
    for _ in range(rounds):
        found["without"].append(seconds_of(plain, path, times))
        found["with"].append(seconds_of(measured, path, times))
    without, with_them = (statistics.median(found[name]) for name in ("without", "with"))
    pairs = [a / b for a, b in zip(found["without"], found["with"], strict=True)]
    return {
        "microseconds without": round(without * 1e6, 1),
        "microseconds with": round(with_them * 1e6, 1),
        "ratio of the time without to with": round(statistics.median(pairs), 3),
    }


def scrape(routes: int) -> dict[str, float]:
    """How long an answer to Prometheus takes that has every route in it."""
    from apps.core import metrics
    from config.observing.exposition import shown

    for number in range(routes):
        metrics.REQUEST_SECONDS.labels(f"route-{number}").observe(0.1)
        metrics.REQUESTS.labels(f"route-{number}", "GET", "2xx").inc()
        metrics.REQUEST_QUERIES.labels(f"route-{number}").observe(5)
    shown(with_state=True)
    told: dict[str, float] = {}
    for name, with_state in (("counts alone", False), ("with the stores", True)):
        times = []
        for _ in range(5):
            began = time.perf_counter()
            size = len(shown(with_state=with_state))
            times.append(time.perf_counter() - began)
        told[f"milliseconds, {name}"] = round(statistics.median(times) * 1000, 1)
        told[f"kilobytes, {name}"] = round(size / 1024, 1)
    return told


def run(size: Size = Size.USUAL) -> dict[str, object]:
    """Both pages, then a scrape."""
    rounds, times, routes = of(SIZES, size)
    os.environ["METRICS_TOKEN"] = TOKEN
    with scratch():
        figures: dict[str, object] = {name: taking_turns(path, rounds, times) for name, path in PAGES.items()}
        figures["scrape"] = scrape(routes)
    for name, each in figures.items():
        print(f"  {name}: {each}")
    return figures


if __name__ == "__main__":
    run()
