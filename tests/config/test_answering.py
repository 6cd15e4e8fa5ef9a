"""Requests under ASGI: one thread from beginning to end, kept for the next; streams that end when the reader leaves."""

from __future__ import annotations

import asyncio
import threading

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

from config.answering import Pages

told: list[object] = []


def where(request):
    told.append(threading.get_ident())
    return HttpResponse(f"{request.method} {request.body.decode()}")


def fails(request):
    raise ValueError("on purpose")


def endless(request):
    def pieces():
        try:
            while True:
                told.append(threading.get_ident())
                yield b"more"
        finally:
            told.append("ended")

    told.append(threading.get_ident())
    return StreamingHttpResponse(pieces())


def short(request):
    return StreamingHttpResponse(iter([b"one", b"", b"two"]))


urlpatterns = [path("where", where), path("fails", fails), path("endless", endless), path("short", short)]
handler500 = "apps.core.problems.server_error"


@pytest.fixture(autouse=True)
def pages(settings):
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = ["apps.core.static_files.static_files", "django.middleware.common.CommonMiddleware"]
    told.clear()
    return Pages()


async def ask(pages, where, body=b"", *, leaves_after=None):
    """Status, headers and body of an answer; the reader may leave after so many messages."""
    sent, gone, received = [], asyncio.Event(), iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive():
        if message := next(received, None):
            return message
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)
        await asyncio.sleep(0)
        if len(sent) == leaves_after:
            gone.set()

    scope = {
        "type": "http", "method": "POST" if body else "GET", "path": where, "query_string": b"", "scheme": "http",
        "headers": [(b"host", b"testserver")], "server": ("testserver", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    await asyncio.wait_for(pages(scope, receive, send), 30)
    return sent[0]["status"], dict(sent[0]["headers"]), b"".join(each.get("body", b"") for each in sent[1:])


def test_a_page_is_answered_and_its_thread_kept_for_the_next(pages):
    async def two():
        return [await ask(pages, "/where", b"hello"), await ask(pages, "/where")]

    (status, _, first), (_, _, second) = asyncio.run(two())
    assert (status, first, second) == (200, b"POST hello", b"GET ")
    assert told[0] == told[1] != threading.get_ident()


def test_pages_asked_for_at_once_have_a_thread_each(pages):
    async def three():
        await asyncio.gather(*(ask(pages, "/endless", leaves_after=20) for _ in range(3)))

    asyncio.run(three())
    assert len({each for each in told if each != "ended"}) == 3
    assert told.count("ended") == 3
    assert len(pages.idle) == 3


def test_a_stream_is_made_on_the_thread_of_its_request(pages):
    asyncio.run(ask(pages, "/endless", leaves_after=5))
    assert len({each for each in told if each != "ended"}) == 1


def test_a_stream_that_ends_by_itself_comes_whole(pages):
    status, _, body = asyncio.run(ask(pages, "/short"))
    assert (status, body) == (200, b"onetwo")


def test_a_failure_is_answered_and_the_thread_stays(pages):
    assert asyncio.run(ask(pages, "/fails"))[0] == 500
    assert len(pages.idle) == 1


def test_a_static_file_comes_with_its_kind_and_a_page_beside_it_goes_on(pages):
    status, headers, body = asyncio.run(ask(pages, "/static/icons/sprite.svg"))
    assert (status, headers[b"Content-Type"]) == (200, b"image/svg+xml")
    assert b"<symbol" in body
    assert asyncio.run(ask(pages, "/static/no/such.svg"))[0] == 404


def test_only_http_is_answered(pages):
    with pytest.raises(ValueError, match="websocket"):
        asyncio.run(pages({"type": "websocket"}, None, None))
