"""Uvicorn's connections of pages, so that a process can be replaced without a failed request: `--http config.draining:Pages`.

At SIGTERM Uvicorn closes every connection on which no request is under way, also one that was opened a moment ago and whose
request is just arriving. Here such a connection has a second for it; it is answered and told not to come again.
"""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LAST_REQUEST_SECONDS = 1.0
_CLOSE = (b"connection", b"close")


class Pages(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, **how: Any) -> None:
        super().__init__(*args, **how)
        self.is_draining = False

    def shutdown(self) -> None:
        """The process ends: take what is on its way, then close."""
        self.is_draining = True
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(LAST_REQUEST_SECONDS, super().shutdown)
        else:
            super().shutdown()

    def on_headers_complete(self) -> None:
        """A request came: the last one of this connection, where the process ends."""
        super().on_headers_complete()
        if self.is_draining and self.cycle is not None:
            self.headers.append(_CLOSE)  # the same list that the answer looks into
            self.cycle.keep_alive = False
