"""A body that is far too large is refused before it is received."""

from __future__ import annotations

import json

import pytest
from asgiref.sync import async_to_sync

from config.bodies import bounded

MEGABYTE = 1 << 20


async def application(scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"taken"})


def ask(path: str, megabytes: int, *, length: bool = True):
    """Status, body of the answer, and how many megabytes of the request were read."""
    headers = [(b"content-length", str(megabytes * MEGABYTE).encode())] if length else []
    read, sent = [0], []

    async def receive():
        read[0] += 1
        return {"type": "http.request", "body": b"x" * MEGABYTE, "more_body": read[0] < megabytes}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "headers": headers}
    async_to_sync(bounded(application))(scope, receive, send)
    return sent[0]["status"], sent[1]["body"], read[0]


def test_two_gigabytes_are_refused_after_a_few_megabytes():
    status, body, read = ask("/inventory/import/", 2048)
    assert (status, read <= 9) == (413, True)
    assert b"The file is over 64 MB" in body


def test_a_body_without_a_length_is_counted():
    status, body, read = ask("/api/v1/inventory/imports", 2048, length=False)
    assert (status, read) == (413, 66)
    assert json.loads(body)["error"]["code"] == "TOO_LARGE"


@pytest.mark.parametrize("path", ["/cart/wanted/", "/wants/1/", "/orders/tracking/", "/trades/1/evidence/", "/scan/"])
def test_no_other_form_takes_two_gigabytes_either(path):
    status, body, read = ask(path, 2048)
    assert (status, read <= 9) == (413, True)
    assert b"Send a smaller one" in body


def test_other_bodies_pass():
    assert ask("/inventory/import/", 3)[0] == 200
    assert ask("/scan/", 100)[0] == 200
    assert ask("/cart/wanted/", 20)[0] == 200
