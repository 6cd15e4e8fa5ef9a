"""What all workers share about a source, in Redis: how often it may be asked, and whether it is asked at all now.

An allowance of a second, a minute or an hour is a token bucket: a tenth of it may go at once, and it fills up so that no
stretch of its length ever sees more than the allowance. An allowance of a day is counted instead (a moving window): whoever
counts days does not mind when in the day, and a run needs many at once.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

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
_DAY = 86400
REST = dt.timedelta(minutes=15)


@lru_cache
def _pool(location: str) -> redis.ConnectionPool:
    return redis.ConnectionPool.from_url(location, socket_timeout=5)


@lru_cache
def _limiter(location: str) -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(storage_from_string("redis://", connection_pool=_pool(location)))  # type: ignore[arg-type]  # its own hint is too narrow


# All buckets of a host give one token each, or none does; answers the seconds until they can. Time is the server's, so that
# the clocks of workers do not matter. https://en.wikipedia.org/wiki/Token_bucket
_TAKE = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
local wait, left = 0, {}
for n, key in ipairs(KEYS) do
    local capacity, rate = tonumber(ARGV[2 * n - 1]), tonumber(ARGV[2 * n])
    local held = redis.call('HMGET', key, 'tokens', 'at')
    local tokens = capacity
    if held[1] then tokens = math.min(capacity, held[1] + math.max(0, now - held[2]) * rate) end
    left[n] = tokens - 1
    if left[n] < 0 then wait = math.max(wait, -left[n] / rate) end
end
if wait > 0 then return tostring(wait) end
for n, key in ipairs(KEYS) do
    redis.call('HSET', key, 'tokens', tostring(left[n]), 'at', string.format('%.6f', now))
    redis.call('EXPIRE', key, math.ceil(ARGV[2 * n - 1] / ARGV[2 * n]) + 1)
end
return '0'
"""


class Bucket(NamedTuple):
    """capacity: what may go at once. rate: tokens a second."""

    name: str
    capacity: int
    rate: float


def bucket_of(rate: RateLimitItem) -> Bucket:
    """The bucket that never lets more than the allowance through in a stretch of its length.

    Of b at once and r a second at most b + ceil(rT) - 1 fit into T seconds, both ends not counted together.
    """
    at_once = max(1, rate.amount // 10)
    return Bucket(str(rate), at_once, (rate.amount - at_once + 1) / rate.get_expiry())


class Pace:
    """The allowance of one host."""

    def __init__(self, host: str, rates: Sequence[str], *, sleep: Callable[[float], None] = time.sleep) -> None:
        told = [parse(rate) for rate in rates]
        self.host = host
        self.days = [rate for rate in told if rate.get_expiry() >= _DAY]
        self.buckets = [bucket_of(rate) for rate in told if rate.get_expiry() < _DAY]
        self.sleep = sleep
        location = settings.CACHES["default"]["LOCATION"]
        self.limiter = _limiter(location)
        self.take = redis.Redis(connection_pool=_pool(location)).register_script(_TAKE)

    def wait(self) -> None:
        """Return when one more request is allowed. Raises FeedError where that takes longer than a run waits."""
        try:
            for day in self.days:
                while not self.limiter.hit(day, "feed", self.host):
                    opens = self.limiter.get_window_stats(day, "feed", self.host).reset_time
                    self._sleep(max(opens - time.time(), 0.01), str(day.amount))
            keys = [f"feed-pace:{self.host}:{bucket.name}" for bucket in self.buckets]
            sizes = [size for bucket in self.buckets for size in (bucket.capacity, bucket.rate)]
            while keys and (left := float(self.take(keys=keys, args=sizes))) > 0:
                self._sleep(left, "")
        except redis.RedisError as error:
            raise FeedError("Redis does not answer: without it no pace is kept, so nothing is asked.") from error

    def _sleep(self, seconds: float, amount: str) -> None:
        if seconds > LONGEST_WAIT:
            until = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
            told = f"{amount} requests" if amount else "requests"
            raise FeedError(
                f"The {told} that {self.host} allows are used; more from {until:%Y-%m-%d %H:%M} UTC on.", until=until
            )
        self.sleep(seconds)


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
