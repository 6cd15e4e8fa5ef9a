"""What database and Redis know, asked when Prometheus comes: how long queues are, how old what waits is, what money is held.

A reading that fails or is slow leaves its figures out and says so in cardvault_reading_failed; the others are shown all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import structlog
from django.core.cache import cache
from django.db import connection, transaction
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

log = structlog.get_logger()

PATIENCE_MILLISECONDS = 3000
"""Of one reading's statements; Prometheus waits ten seconds for all."""

Sample = tuple[str, tuple[str, ...], float]
"""Name of the figure, values of its labels, value."""


@dataclass(frozen=True)
class Figure:
    """One metric that is read. documentation: what Prometheus shows beside it."""

    name: str
    documentation: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """Figures that are read together. kept_seconds: how long an answer is used again by all processes; 0: never."""

    name: str
    figures: tuple[Figure, ...]
    read: Callable[[], Iterable[Sample]]
    kept_seconds: int

    def samples(self) -> list[Sample]:
        """The figures now, or as they were kept."""
        key = f"metrics.{self.name}"
        if self.kept_seconds and (kept := cache.get(key)) is not None:
            return list(kept)
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("select set_config('statement_timeout', %s, true)", [str(PATIENCE_MILLISECONDS)])
            found = list(self.read())
        if self.kept_seconds:
            cache.set(key, found, self.kept_seconds)
        return found


READINGS: list[Reading] = []
FAILED = Figure("cardvault_reading_failed", "Whether a group of figures could not be read at this scrape", ("reading",))


def reading(
    *figures: Figure, kept_seconds: int = 0
) -> Callable[[Callable[[], Iterable[Sample]]], Callable[[], Iterable[Sample]]]:
    """Decorator for a function that yields samples of these figures."""

    def register(read: Callable[[], Iterable[Sample]]) -> Callable[[], Iterable[Sample]]:
        READINGS.append(Reading(read.__name__, figures, read, kept_seconds))
        return read

    return register


class State(Collector):
    """All readings, as Prometheus' library asks for them."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One family for each figure, those that could be read."""
        import config.observing.readings  # noqa: F401 - they register themselves

        failed = GaugeMetricFamily(FAILED.name, FAILED.documentation, labels=FAILED.labels)
        for each in READINGS:
            try:
                samples = each.samples()
            except Exception as error:  # noqa: BLE001 - the others are shown all the same
                log.warning("metrics.reading_failed", reading=each.name, error=type(error).__name__)
                failed.add_metric([each.name], 1)
                continue
            failed.add_metric([each.name], 0)
            yield from _families(each, samples)
        yield failed


def _families(each: Reading, samples: list[Sample]) -> Iterator[GaugeMetricFamily]:
    for figure in each.figures:
        family = GaugeMetricFamily(figure.name, figure.documentation, labels=figure.labels)
        for name, labels, value in samples:
            if name == figure.name:
                family.add_metric(labels, value)
        yield family
