"""Things that are done at the same moment, each in a thread with a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from django.db import connections

from apps.core.errors import DomainError
from tests.waiting import PATIENCE


def together(
    works: Sequence[Callable[[], object]], *, refusals: tuple[type[Exception], ...] = (DomainError,)
) -> list[object]:
    """What each comes to, in their order: what it returns, or the error where it is one of `refusals`.

    Comes back when all have ended and have closed their connections, however long that takes.
    """
    start = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> object:
        try:
            start.wait(PATIENCE)
            return work()
        except refusals as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))
