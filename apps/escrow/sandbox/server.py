"""The HTTP side of the company: the API, the hosted pages and the dashboard in one ASGI application."""

from __future__ import annotations

import asyncio

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from apps.escrow.sandbox.api import NO_ANSWER
from apps.escrow.sandbox.company import Sandbox
from apps.escrow.sandbox.dashboard import Dashboard
from apps.escrow.sandbox.pages import HERE, Pages, gone

BIGGEST_BODY = 6 * 1024 * 1024


def application(sandbox: Sandbox) -> Starlette:
    """Everything of one sandbox under its addresses."""

    async def api(request: Request) -> Response:
        body = await request.body()
        if len(body) > BIGGEST_BODY:
            return PlainTextResponse("Too large", 413)
        address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        answer = await run_in_threadpool(sandbox.handle, request.method, address, dict(request.headers), body)
        if answer.status == NO_ANSWER:
            await asyncio.sleep(sandbox.switches.hang_seconds)
            return Response(status_code=504)
        return Response(answer.body, answer.status, answer.headers)

    async def health(request: Request) -> Response:
        return PlainTextResponse("ok")

    async def style(request: Request) -> Response:
        return FileResponse(HERE / "static" / "sandbox.css", media_type="text/css")

    async def not_found(request: Request, error: Exception) -> Response:
        return gone("Nothing here", "There is no such page in the payments sandbox.", link="/")

    methods = ["GET", "POST", "DELETE"]
    return Starlette(
        routes=[
            Route("/v1/{rest:path}", api, methods=methods),
            Route("/_sandbox/{rest:path}", api, methods=["POST"]),
            Route("/healthz", health),
            Route("/static/sandbox.css", style),
            *Dashboard(sandbox).routes(),
            *Pages(sandbox).routes(),
        ],
        exception_handlers={404: not_found},
    )
