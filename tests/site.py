"""An ASGI application served by a thread of this process, with uvicorn as in production."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from tests.waiting import PATIENCE, eventually


@contextmanager
def serving(application: object) -> Iterator[int]:
    """The port at which it answers. Raises RuntimeError where it does not start."""
    from config.sockets import Sockets

    server = uvicorn.Server(
        uvicorn.Config(
            application,
            host="127.0.0.1",
            port=0,
            lifespan="off",
            log_level="warning",
            timeout_graceful_shutdown=2,
            ws=Sockets,
        )
    )
    thread = threading.Thread(target=server.run, name="site", daemon=True)
    thread.start()
    eventually(lambda: server.started or not thread.is_alive())
    if not server.started:
        raise RuntimeError("the site did not start")
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
