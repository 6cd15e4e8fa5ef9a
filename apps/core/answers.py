"""Answers that everybody gets alike, kept in Redis: for how long, when they are worked out anew, and how often that was spared.

Nothing that depends on who asks is ever kept here. An answer is told by its key and by what it is about; what changes
stamps what it is about (`changed`), and answers from before are worked out anew. Where the database does not answer, the
last one known is given instead, as long as it is kept, and says so. Where Redis does not answer, all is worked out.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import pickle
import time
import uuid
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import redis
import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import InterfaceError, OperationalError
from django.utils import timezone

log = structlog.get_logger()

MINUTE, HOUR = 60, 3600


@dataclass(frozen=True)
class Kind:
    """A kind of answers. fresh: seconds until it is worked out anew. kept: until it is forgotten, for when the database is away.

    Every text that is searched for makes an answer of its own, and histories are long: they are forgotten sooner.
    """

    fresh: int
    kept: int


KINDS = {
    "card": Kind(5 * MINUTE, 24 * HOUR),
    "history": Kind(30 * MINUTE, HOUR),
    "search": Kind(5 * MINUTE, 15 * MINUTE),
    "trending": Kind(15 * MINUTE, 24 * HOUR),
    "sets": Kind(HOUR, 24 * HOUR),
    "sources": Kind(MINUTE, 24 * HOUR),
}
BESIDE = {"sources"}
"""What is looked at beside every answer: counted by itself alone, or the share of all would flatter us."""
_STAMPS_KEPT = 48 * HOUR
_COUNTS_KEPT = dt.timedelta(days=15)
_LARGE = 4096


@dataclass(frozen=True)
class Answer:
    """An answer. made_at: when it was worked out; is_last_known: the database was away, and it may be old."""

    value: Any
    made_at: dt.datetime
    is_hit: bool = False
    is_last_known: bool = False


def key_of(kind: str, *parts: object) -> str:
    """The key of an answer, readable; what people typed is hashed. Keys of a kind begin with its name."""
    return ":".join(["answers", kind, *map(str, parts)])


def hashed(*given: object) -> str:
    """What people typed, as a part of a key."""
    return hashlib.sha256(repr(given).encode()).hexdigest()[:32]


def _stamp(about: str) -> str:
    return f"answers-changed:{about}"


def kept(key: str, compute: Callable[[], Any], *, about: Iterable[str] = ()) -> Answer:
    """The kept answer of a key while it is fresh and nothing that it is about has changed, else a new one, which is kept.

    What `compute` raises is not kept. Raises what the database raises where nothing is kept either.
    """
    name = key.split(":", 2)[1]
    kind = KINDS[name]
    stamps = [_stamp(each) for each in about]
    found = _look([key, *stamps])
    seen = [found.get(stamp) for stamp in stamps] if found is not None else []
    entry = _unpacked(found.get(key)) if found else None
    now = time.time()
    if entry and entry[0] + kind.fresh > now and entry[1] == seen:
        _count(name, "hit")
        return Answer(entry[2], _instant(entry[0]), is_hit=True)
    try:
        value = compute()
    except (OperationalError, InterfaceError):
        if entry is None:
            raise
        log.warning("answers.last_known", kind=name)
        _count(name, "last_known")
        return Answer(entry[2], _instant(entry[0]), is_hit=True, is_last_known=True)
    if found is not None:
        _store(key, (now, seen, value), kind.kept)
        _count(name, "miss")
    return Answer(value, _instant(now))


def changed(about: Iterable[str]) -> None:
    """What answers are about has changed: those from before are worked out anew when they are next asked for."""
    token = uuid.uuid4().hex
    try:
        cache.set_many({_stamp(each): token for each in about}, _STAMPS_KEPT)
    except redis.RedisError as error:
        # Answers stay until their time is over, which is minutes.
        log.warning("answers.unavailable", error=type(error).__name__)


def _look(keys: list[str]) -> dict[str, Any] | None:
    """What Redis has of these keys; None where it does not answer."""
    try:
        return cache.get_many(keys)
    except redis.RedisError as error:
        log.warning("answers.unavailable", error=type(error).__name__)
        return None


def _store(key: str, entry: tuple[float, list[Any], Any], seconds: int) -> None:
    packed = pickle.dumps(entry, protocol=pickle.HIGHEST_PROTOCOL)
    try:
        cache.set(key, b"z" + zlib.compress(packed, 1) if len(packed) > _LARGE else b"p" + packed, seconds)
    except redis.RedisError as error:
        log.warning("answers.unavailable", error=type(error).__name__)


def _unpacked(packed: bytes | None) -> tuple[float, list[Any], Any] | None:
    if not packed:
        return None
    # Written by ourselves alone, as everything in this Redis.
    return pickle.loads(zlib.decompress(packed[1:]) if packed[:1] == b"z" else packed[1:])  # noqa: S301


def _instant(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


# -- how often work was spared ----------------------------------------------------------------------------------------
@lru_cache
def _redis(location: str) -> redis.Redis:
    return redis.Redis.from_url(location, socket_timeout=2)


def _counts_key(day: dt.date) -> str:
    return f"answers-counts:{day:%Y-%m-%d}"


def _count(kind: str, outcome: str) -> None:
    """One more of that outcome today: hit, miss, or last_known."""
    key = _counts_key(timezone.now().date())
    try:
        pipe = _redis(settings.CACHES["default"]["LOCATION"]).pipeline(transaction=False)
        pipe.hincrby(key, f"{kind}:{outcome}", 1)
        pipe.expire(key, _COUNTS_KEPT)
        pipe.execute()
    except redis.RedisError:
        return


@dataclass(frozen=True)
class Count:
    """How the answers of one kind were given on some days."""

    kind: str
    hits: int
    misses: int
    last_known: int

    @property
    def asked(self) -> int:
        """How often it was asked for."""
        return self.hits + self.misses + self.last_known

    @property
    def ratio(self) -> float | None:
        """Share of hits; None where nobody asked."""
        return self.hits / self.asked if self.asked else None


def counts(*, days: int = 1, today: dt.date | None = None) -> list[Count]:
    """How answers were given in the last days, today included, by kind; "all" (without `BESIDE`) last.

    Raises redis.RedisError.
    """
    today = today or timezone.now().date()
    client = _redis(settings.CACHES["default"]["LOCATION"])
    told: dict[str, dict[str, int]] = {kind: {} for kind in [*KINDS, "all"]}
    for back in range(days):
        for name, number in client.hgetall(_counts_key(today - dt.timedelta(days=back))).items():
            kind, _, outcome = (name.decode() if isinstance(name, bytes) else name).partition(":")
            for each in (kind,) if kind in BESIDE else (kind, "all"):
                if each in told:
                    told[each][outcome] = told[each].get(outcome, 0) + int(number)
    return [
        Count(kind, seen.get("hit", 0), seen.get("miss", 0), seen.get("last_known", 0)) for kind, seen in told.items()
    ]
