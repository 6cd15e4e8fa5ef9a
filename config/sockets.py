"""Uvicorn's websockets as live pages want them: `uvicorn --ws config.sockets:Sockets`.

Without compression (each client would keep buffers for it, and what is sent is small), with small frames only, and with an
end for clients that do not read.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

LARGEST_FRAME = 64 * 1024


class Sockets(WebSocketsSansIOProtocol):
    """One websocket."""

    def __init__(self, *args: Any, **how: Any) -> None:
        super().__init__(*args, **how)
        self.conn.available_extensions = []
        self.conn.max_message_size = LARGEST_FRAME

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """A polite close waits until everything is read; who has stopped reading would stay for ever."""
        super().on_task_complete(task)
        if not self.writable.is_set():
            self.transport.abort()
