"""Rate limits of the API: per member (or address) an hour and a minute, in Redis, told in X-RateLimit headers."""

from __future__ import annotations

import time
from functools import lru_cache

from django.conf import settings
from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import RedisStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView


@lru_cache
def limiter() -> FixedWindowRateLimiter:
    """One limiter a process on the shared Redis."""
    import redis

    pool = redis.ConnectionPool.from_url(settings.CACHES["default"]["LOCATION"])
    storage = storage_from_string("redis://", connection_pool=pool)
    assert isinstance(storage, RedisStorage)
    return FixedWindowRateLimiter(storage)


class _Rate(BaseThrottle):
    limit: RateLimitItemPerHour | RateLimitItemPerMinute
    reset_at: float = 0

    def identity(self, request: Request) -> str:
        """The member, else the address."""
        if request.user and request.user.is_authenticated:
            return f"member:{request.user.pk}"
        return f"address:{request.META.get('REMOTE_ADDR', '')}"

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count the request; put the tightest window on the request for the headers."""
        identity = self.identity(request)
        allowed = limiter().hit(self.limit, identity)
        stats = limiter().get_window_stats(self.limit, identity)
        self.reset_at = stats.reset_time
        told = getattr(request._request, "rate_limit", None)
        if told is None or stats.remaining < told[1]:
            request._request.rate_limit = (self.limit.amount, stats.remaining, int(stats.reset_time))
        return allowed

    def wait(self) -> float:
        """Seconds until the window opens anew."""
        return max(0.0, self.reset_at - time.time())


class HourlyRate(_Rate):
    """The hourly allowance."""

    def __init__(self) -> None:
        self.limit = RateLimitItemPerHour(settings.API_RATE_PER_HOUR)


class BurstRate(_Rate):
    """The allowance of one minute."""

    def __init__(self) -> None:
        self.limit = RateLimitItemPerMinute(settings.API_RATE_PER_MINUTE)
