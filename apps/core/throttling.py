"""Rate limits in Redis: the API's allowance per member or address, told in X-RateLimit headers; guards on guessing.

Where Redis does not answer, the API's allowance is not enforced (reading goes on); guards on guessing refuse.
"""

from __future__ import annotations

import hashlib
import time
from functools import lru_cache
from typing import TYPE_CHECKING

import redis
import structlog
from django.conf import settings
from django.http import HttpRequest
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

if TYPE_CHECKING:
    from rest_framework.views import APIView

log = structlog.get_logger()

# Wrong keys and tokens from one address: far above what a client with a stale token sends, far below guessing.
_FAILED_CREDENTIALS = RateLimitItemPerMinute(60)


@lru_cache
def limiter() -> FixedWindowRateLimiter:
    """One limiter a process on the shared Redis."""
    pool = redis.ConnectionPool.from_url(settings.CACHES["default"]["LOCATION"], socket_timeout=2)
    return FixedWindowRateLimiter(storage_from_string("redis://", connection_pool=pool))  # type: ignore[arg-type]  # its own hint is too narrow


def address_of(request: HttpRequest | Request) -> str:
    """Where the request comes from; behind a proxy the middleware has put the reader's address there."""
    return request.META.get("REMOTE_ADDR") or "unknown"


def _tell(request: HttpRequest | Request, limit: RateLimitItem, remaining: int, reset_at: float) -> None:
    """Leave the tightest window on the request, where the middleware finds it for the headers."""
    request = getattr(request, "_request", request)
    told = getattr(request, "rate_limit", None)
    if told is None or remaining < told[1]:
        request.rate_limit = (limit.amount, max(0, remaining), int(reset_at))  # type: ignore[union-attr]


class _Rate(BaseThrottle):
    limit: RateLimitItem
    reset_at: float = 0

    def identity(self, request: Request) -> str:
        """The member, else the address."""
        if request.user and request.user.is_authenticated:
            return f"member:{request.user.pk}"
        return f"address:{address_of(request)}"

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count the request and say whether it is within the allowance, which is larger for the tiers above the first."""
        identity = self.identity(request)
        times = getattr(request.user, "api_allowance", 1)
        if times != 1:
            self.limit = type(self.limit)(self.limit.amount * times)
        try:
            allowed = limiter().hit(self.limit, "api", identity)
            window = limiter().get_window_stats(self.limit, "api", identity)
        except redis.RedisError as error:
            log.warning("rate_limit.unavailable", error=type(error).__name__)
            return True
        self.reset_at = window.reset_time
        _tell(request, self.limit, window.remaining if allowed else -1, window.reset_time)
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


def private(text: str) -> str:
    """Something personal (an e-mail address) as a name that can be counted but not read."""
    return hashlib.sha256(text.strip().lower().encode()).hexdigest()[:32]


def guard(request: HttpRequest | Request, limit: RateLimitItem, *names: str) -> None:
    """Count one try under `names`. Raises Throttled, with the seconds to wait, when there were too many."""
    if limiter().hit(limit, *names):
        return
    window = limiter().get_window_stats(limit, *names)
    _tell(request, limit, -1, window.reset_time)
    raise Throttled(wait=max(1.0, window.reset_time - time.time()))


def forgive(limit: RateLimitItem, *names: str) -> None:
    """Forget the tries under `names`: the last one was right."""
    limiter().clear(limit, *names)


def count_failed_credentials(request: HttpRequest | Request) -> None:
    """Count a wrong key or token. Raises Throttled where an address sends too many."""
    guard(request, _FAILED_CREDENTIALS, "credentials", address_of(request))
