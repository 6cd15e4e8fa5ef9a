"""An HTTP server on loopback that takes traces (OTLP) and reports (Sentry's envelopes) and answers what tasks ask."""

from __future__ import annotations

import gzip
import json
import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

sys.modules.pop("opentelemetry", None)  # which the settings keep out where traces are off, as they are in tests

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest  # noqa: E402
from opentelemetry.proto.trace.v1.trace_pb2 import Span  # noqa: E402


@dataclass
class Received:
    """What came. asked: paths with the headers that came along."""

    spans: list[Span] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)
    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    raw: list[bytes] = field(default_factory=list)
    services: set[str] = field(default_factory=set)

    def take(self, path: str, body: bytes) -> None:
        """One post."""
        self.raw.append(body)
        if path == "/v1/traces":
            for of_resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                attributes = {each.key: each.value.string_value for each in of_resource.resource.attributes}
                self.services.add(attributes["service.name"])
                self.spans += [span for of_scope in of_resource.scope_spans for span in of_scope.spans]
        elif path == "/api/7/envelope/":
            lines = body.split(b"\n")
            self.reports += [
                json.loads(content)
                for header, content in zip(lines[1::2], lines[2::2], strict=False)
                if header and json.loads(header)["type"] == "event"
            ]
        else:
            raise AssertionError(f"nothing is expected at {path}")


class Receiver:
    """The server. `with Receiver() as receiver:` serves until the end of the block."""

    def __init__(self) -> None:
        self.received = Received()
        received = self.received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                received.take(self.path, body)
                self._answer(b"{}")

            def do_GET(self) -> None:
                received.asked[self.path] = dict(self.headers)
                self._answer(b"here")

            def _answer(self, content: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.dsn = f"http://public@127.0.0.1:{self.server.server_port}/7"

    def __enter__(self) -> Receiver:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *how: object) -> None:
        self.server.shutdown()
        self.server.server_close()
