"""Where sockets ask the database: a few threads of their own, so that many who reconnect at once do not queue behind pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from channels.db import DatabaseSyncToAsync

_POOL = ThreadPoolExecutor(max_workers=4, thread_name_prefix="live")
P = ParamSpec("P")
R = TypeVar("R")


def in_thread(work: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """The function as one to await; its database connection goes back to the pool afterwards."""
    return DatabaseSyncToAsync(work, thread_sensitive=False, executor=_POOL)
