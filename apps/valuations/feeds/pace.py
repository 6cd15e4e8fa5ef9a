"""What all workers share about a source, in Redis: how often it may be asked, and whether it is asked at all now.

Pace is a moving window: never more than the allowance in any stretch of its length, whoever asks (a token bucket of the
same size lets up to twice as much through where two stretches meet, which sources that count strictly refuse).
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence
from functools import lru_cache

import pybreaker
import redis
from django.conf import settings
from limits import RateLimitItem, parse
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from apps.core.http import FetchRefused
from apps.valuations.feeds.errors import AnswerUnusable, FeedError

LONGEST_WAIT = 60.0
"""Seconds that a worker waits inside a run; for longer waits the run ends and goes on later."""
FAILURES = 3
REST = dt.timedelta(minutes=15)


@lru_cache
def _pool(location: str) -> redis.ConnectionPool:
    return redis.ConnectionPool.from_url(location, socket_timeout=5)


@lru_cache
def _limiter(location: str) -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(storage_from_string("redis://", connection_pool=_pool(location)))  # type: ignore[arg-type]  # its own hint is too narrow


class Pace:
    """The allowance of one host."""

    def __init__(self, host: str, rates: Sequence[str], *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.host = host
        self.rates: list[RateLimitItem] = [parse(rate) for rate in rates]
        self.sleep = sleep
        self.limiter = _limiter(settings.CACHES["default"]["LOCATION"])

    def wait(self) -> None:
        """Return when one more request is allowed. Raises FeedError where that takes longer than a run waits."""
        try:
            for rate in self.rates:
                while not self.limiter.hit(rate, "feed", self.host):
                    self._wait_for(rate)
        except redis.RedisError as error:
            raise FeedError("Redis does not answer: without it no pace is kept, so nothing is asked.") from error

    def _wait_for(self, rate: RateLimitItem) -> None:
        opens = self.limiter.get_window_stats(rate, "feed", self.host).reset_time
        left = max(opens - time.time(), 0.01)
        if left > LONGEST_WAIT:
            at = dt.datetime.fromtimestamp(opens, dt.UTC)
            raise FeedError(
                f"The {rate.amount} requests that {self.host} allows are used; more from {at:%Y-%m-%d %H:%M} UTC on.",
                until=at,
            )
        self.sleep(left)


def _is_no_failure(error: BaseException) -> bool:
    """The source said no, our own allowance was used up, or something was counted already."""
    return isinstance(error, FetchRefused | FeedError) and not isinstance(error, AnswerUnusable)


@lru_cache
def breaker(host: str, location: str) -> pybreaker.CircuitBreaker:
    """The host's circuit breaker: after three requests in a row that failed with all their tries it is left alone a while.

    A source that says no (a wrong key, nothing there) has not failed.
    """
    storage = pybreaker.CircuitRedisStorage(
        pybreaker.STATE_CLOSED, redis.Redis(connection_pool=_pool(location)), namespace=f"feed:{host}"
    )
    return pybreaker.CircuitBreaker(
        fail_max=FAILURES,
        reset_timeout=REST.total_seconds(),
        exclude=[_is_no_failure],
        state_storage=storage,
        throw_new_error_on_trip=False,
        name=host,
    )


def breaker_of(host: str) -> pybreaker.CircuitBreaker:
    """The breaker of a host on the Redis of the settings. Raises redis.RedisError."""
    return breaker(host, settings.CACHES["default"]["LOCATION"])


def rests_until(host: str) -> dt.datetime | None:
    """Until when a host is left alone; None where it is asked."""
    try:
        found = breaker_of(host)
        opened = found._state_storage.opened_at if found.current_state == pybreaker.STATE_OPEN else None
    except redis.RedisError:
        return None
    until = opened + REST if opened else None
    return until if until and until > dt.datetime.now(dt.UTC) else None
