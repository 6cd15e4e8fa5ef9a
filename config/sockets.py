"""Uvicorn's websockets as live pages want them: `uvicorn --ws config.sockets:Sockets`.

Without compression (each client would keep buffers for it, and what is sent is small), with small frames only, and with an
end for clients that do not read. When the process is told to end, its clients are asked to come again (1012) one after the
other over a while: all at once they would all ask the processes that stay for their pages.
"""

from __future__ import annotations

import asyncio
import random
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

LARGEST_FRAME = 64 * 1024
SPREAD = 0.6
"""Of the time that the process has to end (--timeout-graceful-shutdown), so that the last ones still hear it."""


class Sockets(WebSocketsSansIOProtocol):
    """One websocket."""

    def __init__(self, *args: Any, **how: Any) -> None:
        super().__init__(*args, **how)
        self.conn.available_extensions = []
        self.conn.max_message_size = LARGEST_FRAME

    def shutdown(self) -> None:
        """Say goodbye at a random moment of the time that there is."""
        if self.close_sent or not self.handshake_complete:
            super().shutdown()
            return
        self.loop.call_later(
            random.uniform(0, SPREAD * (self.config.timeout_graceful_shutdown or 0)),  # noqa: S311 - no secret
            super().shutdown,
        )

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """A polite close waits until everything is read; who has stopped reading would stay for ever."""
        super().on_task_complete(task)
        if not self.writable.is_set():
            self.transport.abort()
