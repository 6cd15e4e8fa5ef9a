"""The payment company on a port of its own, as the launcher starts it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from apps.escrow import gateway
from apps.escrow.sandbox.company import Sandbox
from apps.escrow.sandbox.server import application


@contextmanager
def payment_company(*, webhook_url: str | None) -> Iterator[Sandbox]:
    """Serve a fresh sandbox at its `public_url`; the gateway speaks real HTTP meanwhile.

    STRIPE_API_BASE is the caller's to set. webhook_url: where events go; None: nowhere.
    """
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    sandbox = Sandbox(webhook_url=webhook_url, public_url=address)
    server = uvicorn.Server(uvicorn.Config(application(sandbox), log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    before = gateway.use_http_client(None)
    try:
        yield sandbox
    finally:
        gateway.use_http_client(before)
        server.should_exit = True
        thread.join(10)
        sandbox.close()
