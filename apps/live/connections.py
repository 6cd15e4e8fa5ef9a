"""One client: what it sends is read, bounded and answered; what it is sent waits in a bounded queue.

A client that does not read holds nobody up. Past the queue's bound its events are dropped and it is told which streams to
ask for anew once it reads again; one that reads nothing for a while is closed.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Any

import structlog

from apps.live import protocol
from apps.live.protocol import Close, Refused, frame
from apps.live.readers import Known
from apps.live.streams import Reader
from apps.live.threads import in_thread

if TYPE_CHECKING:
    from apps.live.hub import Hub

log = structlog.get_logger()

MOST_QUEUED = 256
"""Messages that wait for one client; a stream keeps fewer than that, so that a replay fits."""
MOST_QUEUED_CHARACTERS = 256 * 1024
STUCK_SECONDS = 30.0
"""After so long without reading a client is closed."""


class Connection:
    """One websocket, from the accepted handshake to its end."""

    __slots__ = (
        "_characters", "_code", "_queue", "_receive", "_send", "_task", "_writer", "address", "allowance", "hub", "known",
        "missed", "mistakes", "positions", "writing_since",
    )  # fmt: skip

    def __init__(self, hub: Hub, known: Known, address: str, receive: Any, send: Any) -> None:
        self.hub = hub
        self.known = known
        self.address = address
        self.positions: dict[str, str] = {}
        """What is followed, each with the id up to which the client was served when it began."""
        self.allowance = protocol.Allowance()
        self.mistakes = 0
        self.missed: set[str] = set()
        """Streams of which something was dropped: nothing more is sent of them but that they are to be asked for anew."""
        self.writing_since = 0.0
        self._receive = receive
        self._send = send
        self._queue: deque[tuple[str, str]] = deque()
        self._characters = 0
        self._writer: asyncio.Task[None] | None = None
        self._task = asyncio.current_task()
        self._code: Close | None = None

    @property
    def reader(self) -> Reader:
        """Who it is."""
        return self.known.reader

    @property
    def ended_by(self) -> str:
        """Why it ended: gone, or the name of our reason."""
        return "gone" if self._code is None else self._code.name.lower()

    # -- what the client sends --------------------------------------------
    async def run(self) -> None:
        """Serve the client until one side ends it."""
        is_gone = False
        self.hello()
        try:
            while self._code is None:
                message = await self._receive()
                is_gone = message["type"] != "websocket.receive"
                if is_gone:
                    break
                await self._hear(message)
        except asyncio.CancelledError:
            if self._code is None:
                raise
            self._task.uncancel()
        finally:
            closing = self.hub.leave(self)
            if self._writer is not None and self._code is not Close.TOO_SLOW:
                await asyncio.wait([self._writer], timeout=1)
            if self._writer is not None:
                self._writer.cancel()
        if not is_gone and self._code is not Close.TOO_SLOW:  # who does not read would not read this either
            await self._say_goodbye()
        if closing is not None:
            await closing

    async def _say_goodbye(self) -> None:
        try:
            await self._send({"type": "websocket.close", "code": int(self._code or 1000)})
        except Exception:  # noqa: BLE001 - it has gone first; servers raise each their own
            log.debug("live.gone_first")

    async def _hear(self, message: dict[str, Any]) -> None:
        text = message.get("text")
        if len(text if text is not None else message.get("bytes") or b"") > protocol.LONGEST_MESSAGE:
            self.end(Close.TOO_BIG)
            return
        if not self.allowance.take(time.monotonic()):
            self._mistaken(Refused("slow_down", "Fewer messages, please."), Close.TOO_MANY)
            return
        try:
            if text is None:
                raise Refused("bad_message", "Send text, not bytes.")
            await self._follow(protocol.read(text))
        except Refused as refused:
            self._mistaken(refused, Close.BAD_MESSAGES)

    def _mistaken(self, refused: Refused, code: Close) -> None:
        """Say what was wrong; too often is too often."""
        self.say("error", code=refused.code, message=refused.message)
        self.mistakes += 1
        if self.mistakes >= protocol.MOST_MISTAKES:
            self.end(code)

    async def _follow(self, message: protocol.Message) -> None:
        match message:
            case protocol.Ping():
                self.say("pong")
            case protocol.Auth():
                await self._authenticate(message)
            case protocol.Unsubscribe(names):
                for name in names:
                    self.hub.unfollow(self, name)
            case protocol.Subscribe(wanted):
                await self._subscribe(wanted)

    async def _authenticate(self, auth: protocol.Auth) -> None:
        from apps.live.readers import by_credentials

        known = await in_thread(by_credentials)(token=auth.token, key=auth.key, address=self.address)
        if self.reader.member_id not in (None, known.reader.member_id):
            raise Refused("other_member", "This connection is another member's; open a new one.")
        self.known = known
        self.hub.count_member(self)
        self.hello()

    async def _subscribe(self, wanted: dict[str, str]) -> None:
        new = {name: last for name, last in wanted.items() if name not in self.positions}
        if len(self.positions) + len(new) > protocol.MOST_STREAMS:
            raise Refused("too_many_streams", f"One connection follows at most {protocol.MOST_STREAMS} streams.")
        allowed = await in_thread(_allowed)(self.reader, list(new))
        for name in new:
            if name not in allowed:
                self.say("error", code="no_such_stream", message="No such stream, or not yours.", stream=name)
        await self.hub.follow(self, {name: new[name] for name in new if name in allowed})

    # -- what it is sent ---------------------------------------------------
    def hello(self) -> None:
        """Who the server takes the client for, and what may be sent."""
        member = self.reader.member_id
        limits = {"streams": protocol.MOST_STREAMS, "message": protocol.LONGEST_MESSAGE}
        self.say(
            "hello", version=protocol.VERSION, member=member and str(member), ping=protocol.PING_SECONDS, limits=limits
        )

    def say(self, kind: str, **told: object) -> None:
        """Send a message that is this client's own."""
        self._put("", frame(kind, **told))

    def tell(self, stream: str, text: str) -> None:
        """Send what all who follow the stream are sent; the text is theirs in common."""
        if stream in self.missed:
            return
        if len(self._queue) >= MOST_QUEUED or self._characters + len(text) > MOST_QUEUED_CHARACTERS:
            self._drop(stream)
            return
        self._put(stream, text)

    def reload(self, stream: str) -> None:
        """Tell the client to ask anew for what the stream is about, after what it was sent before."""
        self.missed.add(stream)
        self._wake()

    def end(self, code: Close) -> None:
        """Close, with what is queued before."""
        if self._code is not None or self._task is None:
            return
        self._code = code
        if asyncio.current_task() is not self._task:  # which else sees the code by itself
            self._task.cancel()

    def end_if_stuck(self, now: float) -> None:
        """Close where the client has read nothing for too long; now: the loop's time."""
        if self.writing_since and now - self.writing_since > STUCK_SECONDS:
            log.info("live.slow_client_closed", queued=len(self._queue))
            self.end(Close.TOO_SLOW)

    def _put(self, stream: str, text: str) -> None:
        self._queue.append((stream, text))
        self._characters += len(text)
        self._wake()

    def _drop(self, stream: str) -> None:
        """Forget the events that wait, and remember of which streams; what is the client's own is kept."""
        self.missed |= {name for name, _ in self._queue if name} | {stream}
        self._queue = deque(entry for entry in self._queue if not entry[0])
        self._characters = sum(len(text) for _, text in self._queue)

    def _wake(self) -> None:
        if self._writer is None and self._code is not Close.TOO_SLOW:
            self._writer = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        """Send what is queued, then the task ends: who is not told anything costs no task."""
        clock = asyncio.get_running_loop().time
        try:
            while self._queue or self.missed:
                if self._queue:
                    _, text = self._queue.popleft()
                    self._characters -= len(text)
                else:
                    stream = self.missed.pop()
                    text = frame("reload", stream=stream, at=self.hub.position(stream))
                self.writing_since = clock()
                await self._send({"type": "websocket.send", "text": text})
        except asyncio.CancelledError:
            raise
        except Exception:  # noqa: BLE001 - servers raise each their own when the client has gone; receive() tells it, too
            self._queue.clear()
            self.missed.clear()
        finally:
            self.writing_since = 0.0
            self._writer = None


def _allowed(reader: Reader, names: list[str]) -> set[str]:
    from apps.live.streams import may_follow

    return {name for name in names if may_follow(reader, name)}
