"""Views of listings: each visitor counts once a day, never the seller. Counted in Redis, written down every minute.

A page that is read writes nothing to the database. Who saw what is a keyed hash that lives for a day, and nowhere else.
Where Redis does not answer, nobody is counted.
"""

from __future__ import annotations

import hmac
import uuid
from functools import lru_cache

import redis
import structlog
from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone

log = structlog.get_logger()
_DAY = 24 * 3600
_COUNTS, _TAKEN = "listing-views", "listing-views-taken"


@lru_cache
def _redis(location: str) -> redis.Redis:
    return redis.Redis.from_url(location, socket_timeout=2)


def _client() -> redis.Redis:
    return _redis(settings.CACHES["default"]["LOCATION"])


def visitor_of(request: HttpRequest) -> str:
    """Who looks, for one day: the member, or the address with the browser's name, hashed so that it tells nobody."""
    if request.user.is_authenticated:
        who = str(request.user.pk)
    else:
        who = f"{request.META.get('REMOTE_ADDR', '')} {request.headers.get('User-Agent', '')[:300]}"
    told = f"{timezone.now().date()} {who}"
    return hmac.digest(settings.SECRET_KEY.encode(), told.encode(errors="replace"), "sha256").hex()[:24]


def saw(*, listing_id: uuid.UUID, visitor: str) -> bool:
    """A visitor looks at a listing; whether that counts, which is once a day."""
    try:
        client = _client()
        is_first = bool(client.set(f"listing-seen:{listing_id}:{visitor}", 1, nx=True, ex=_DAY))
        if is_first:
            client.hincrby(_COUNTS, str(listing_id), 1)
    except redis.RedisError as error:
        log.warning("views.unavailable", error=type(error).__name__)
        return False
    return is_first


_WRITE = """
update listings_listing l set views = l.views + n.number
from unnest(%(ids)s::uuid[], %(numbers)s::bigint[]) as n (id, number) where l.id = n.id
"""


def write_views() -> int:
    """Add what was counted to the listings' figures; how many listings. What a run has taken and lost is taken up by the next.

    Raises redis.RedisError.
    """
    client = _client()
    with client.lock(f"{_TAKEN}-lock", timeout=60, blocking_timeout=0.1):
        if not client.exists(_TAKEN) and not client.exists(_COUNTS):
            return 0
        if not client.exists(_TAKEN):
            client.rename(_COUNTS, _TAKEN)
        counted = {uuid.UUID(pk.decode()): int(number) for pk, number in client.hgetall(_TAKEN).items()}
        with connection.cursor() as cursor:
            cursor.execute(_WRITE, {"ids": list(counted), "numbers": list(counted.values())})
        client.delete(_TAKEN)
    return len(counted)
