"""What Prometheus is shown: at /metrics by web, with what the stores know; on METRICS_PORT by workers without a web beside."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from apps.core import metrics
from config.observing.state import State

OFF = "Metrics are off. Set METRICS_TOKEN to 16 characters or more and give it to Prometheus as its bearer token.\n"
REFUSED = "Send the setting METRICS_TOKEN as a bearer token.\n"


def shown(*, with_state: bool) -> bytes:
    """All metrics as text. with_state: also what database and Redis know, which is the same whichever process is asked."""
    registry = CollectorRegistry()
    if metrics.SLOTS is None:
        counted = generate_latest(metrics.REGISTRY)
    else:
        metrics.SLOTS.forget_dead()
        MultiProcessCollector(registry, str(metrics.SLOTS.folder))
        counted = b""
    if with_state:
        registry.register(State())
    return counted + generate_latest(registry)


def answer(authorization: str, *, with_state: bool) -> tuple[int, bytes]:
    """Status and text for whoever sent this Authorization header."""
    if not settings.METRICS_TOKEN:
        return 404, OFF.encode()
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode()):
        return 401, REFUSED.encode()
    return 200, shown(with_state=with_state)


@never_cache
@require_safe
def exposition(request: HttpRequest) -> HttpResponse:
    """Every metric of this machine's processes, and the state of the stores."""
    status, text = answer(request.headers.get("Authorization", ""), with_state=True)
    response = HttpResponse(text, status=status, content_type=CONTENT_TYPE_LATEST if status == 200 else "text/plain")
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="metrics"'
    return response


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """A scrape every few seconds is no event."""


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """The worker's own: its counts and those of its processes."""
    status, text = answer(environ.get("HTTP_AUTHORIZATION", ""), with_state=False)
    kind = CONTENT_TYPE_LATEST if status == 200 else "text/plain"
    words = {200: "200 OK", 401: "401 Unauthorized", 404: "404 Not Found"}[status]
    start(words, [("Content-Type", kind), ("Content-Length", str(len(text)))])
    return [text]


def serve(port: int, host: str = "0.0.0.0") -> WSGIServer:  # noqa: S104 - Prometheus comes from another machine
    """Answer scrapes in a thread of this process, until it ends."""
    server = make_server(host, port, application, _Server, _Quiet)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server
