"""Middleware for static files that does not await where a page is asked for: servestatic's own does, twice a request."""

from __future__ import annotations

from collections.abc import Callable

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponseBase
from servestatic.middleware import ServeStaticMiddleware

GetResponse = Callable[[HttpRequest], HttpResponseBase]


async def _nobody(request: HttpRequest) -> HttpResponseBase:
    raise NotImplementedError


def static_files(get_response: GetResponse) -> GetResponse:
    """Answer for a static file, compressed and with its headers; every other path goes on."""
    files = ServeStaticMiddleware(_nobody)

    def middleware(request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        found = files.find_file(path) if files.autorefresh else files.files.get(path)
        return get_response(request) if found is None else async_to_sync(files.aserve)(found, request)

    return middleware
