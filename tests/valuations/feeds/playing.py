"""A server on this machine that plays a source: what it answers by path, how it fails, and what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str


@dataclass(frozen=True)
class Reply:
    """What is sent. cut: so many bytes less than was promised. hold: never finish."""

    body: object = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int = 0
    hold: bool = False

    @property
    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


def no(status: int, **headers: str) -> Reply:
    """A failure."""
    return Reply(b"{}", status, {name.replace("_", "-"): value for name, value in headers.items()})


class Source:
    """The source. `says(path, ...)` sets its answers in turn, the last of which it repeats; a function is asked each time."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answers: dict[str, list[object]] = {}
        self.over = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def says(self, path: str, *answers: object) -> None:
        self.answers[path] = list(answers)

    def reply_to(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        answers = self.answers.get(asked.path)
        if not answers:
            return no(404)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Callable):
            answer = answer(asked)
        return answer if isinstance(answer, Reply) else Reply(answer)

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def close(self) -> None:
        self.over.set()
        self.server.shutdown()
        self.server.server_close()


def _handler(source: Source) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *told: object) -> None:
            pass

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = source.reply_to(Asked(self.command, parts.path, query, headers, body))
            if reply.hold:
                source.over.wait(20)
                self.close_connection = True
                return
            content = reply.content
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            try:
                self.wfile.write(content[: len(content) - reply.cut])
            except OSError:
                self.close_connection = True
            if reply.cut:
                self.close_connection = True

        do_POST = do_GET

    return Handler
