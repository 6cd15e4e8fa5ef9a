"""Reads from a replica, where DATABASE_REPLICA_URL names one: only what may be a moment old, only for those who would not notice.

A read goes to the replica when all of these hold; everything else, and all that tasks and commands do, stays with the
primary server:

- it is of a table in READ_APPS: what everybody sees alike; never money, sessions, rights or a member's own things;
- it is made for a page or API request that only reads (GET, HEAD), outside of any transaction;
- nothing was written in this request before, and not by this session or key within the last REPLICA_LAG_SECONDS.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextvars import ContextVar

from django.conf import settings
from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, models, transaction
from django.http import HttpRequest, HttpResponse

REPLICA = "replica"
READ_APPS = frozenset({"catalog", "valuations", "listings"})

_may_read = ContextVar("may_read_from_replica", default=False)


class Replicas:
    """The database router."""

    def db_for_read(self, model: type[models.Model], **hints: object) -> str | None:
        """Which server a read goes to."""
        if not _may_read.get() or model._meta.app_label not in READ_APPS:
            return DEFAULT_DB_ALIAS
        return DEFAULT_DB_ALIAS if transaction.get_connection().in_atomic_block else REPLICA

    def db_for_write(self, model: type[models.Model], **hints: object) -> str:
        """The primary; whoever writes reads there from then on."""
        _may_read.set(False)
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: models.Model, other: models.Model, **hints: object) -> bool:
        """Both hold the same rows."""
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: object) -> bool:
        """The replica follows by itself."""
        return db != REPLICA


def reads(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: whether this request may read from the replica, and who has just written."""

    def middleware(request: HttpRequest) -> HttpResponse:
        safe = request.method in {"GET", "HEAD"}
        who = _who(request)
        allowed = safe and not (who and cache.get(who))
        token = _may_read.set(allowed)
        try:
            response = get_response(request)
            if not safe or (allowed and not _may_read.get()):
                later = {who, _session(getattr(getattr(request, "session", None), "session_key", None))} - {""}
                cache.set_many(dict.fromkeys(later, 1), settings.REPLICA_LAG_SECONDS)
            return response
        finally:
            _may_read.reset(token)

    return middleware


def _who(request: HttpRequest) -> str:
    """Under which key it is kept that somebody has written: the session's, or the token's or key's. Empty for visitors."""
    shown = request.headers.get("Authorization") or request.headers.get("X-Api-Key")
    return _key(shown) if shown else _session(request.COOKIES.get(settings.SESSION_COOKIE_NAME))


def _session(key: str | None) -> str:
    return _key(f"session:{key}") if key else ""


def _key(shown: str) -> str:
    return f"wrote:{hashlib.sha256(shown.encode()).hexdigest()}"
