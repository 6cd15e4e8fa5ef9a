"""The product's own web server, for benchmarks that ask it: in processes of its own, or tiny in a thread of this one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.benchmarks.sizes import Size

OURS = "config.asgi:application"


@contextmanager
def served(
    size: Size,
    *,
    application: str = OURS,
    workers: int = 2,
    more: tuple[str, ...] = (),
    env: dict[str, str] | None = None,
) -> Iterator[tuple[int, int]]:
    """Its port and process, once it answers. more: for uvicorn; env: beside our own. RuntimeError where it does not start."""
    if size is Size.TINY:
        from uvicorn.importer import import_from_string

        from tests.site import serving

        with serving(import_from_string(application)) as port:
            yield port, os.getpid()
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    how = ["--host", "127.0.0.1", "--port", str(port), "--lifespan", "off", "--log-level", "warning"]
    command = [sys.executable, "-m", "uvicorn", application, *how, "--workers", str(workers), *more]
    server = subprocess.Popen(command, env=os.environ | (env or {}))
    try:
        _wait(port, server)
        yield port, server.pid
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError("the server did not start")
