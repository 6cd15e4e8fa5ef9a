"""Middleware that times requests and counts their statements, by the name of their route. Off where metrics are."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import connection
from django.http import HttpRequest, HttpResponse

from apps.core import metrics

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _Counted:
    """How many statements were sent; a wrapper of Django's."""

    __slots__ = ("statements",)

    def __init__(self) -> None:
        self.statements = 0

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        self.statements += 1
        return execute(sql, params, many, context)


def measured(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Put each request into the instruments, whatever becomes of it."""
    if not settings.METRICS_TOKEN:
        raise MiddlewareNotUsed("METRICS_TOKEN is empty")

    def middleware(request: HttpRequest) -> HttpResponse:
        counted = _Counted()
        began = time.perf_counter()
        with metrics.REQUESTS_AT_ONCE.track_inprogress(), connection.execute_wrapper(counted):
            response = get_response(request)
        # a path that leads nowhere has no route, so that those who try paths make no labels
        route = getattr(request.resolver_match, "view_name", None) or "none"
        method = request.method if request.method in _METHODS else "other"
        metrics.REQUEST_SECONDS.labels(route).observe(time.perf_counter() - began)
        metrics.REQUESTS.labels(route, method, f"{response.status_code // 100}xx").inc()
        metrics.REQUEST_QUERIES.labels(route).observe(counted.statements)
        return response

    return middleware
