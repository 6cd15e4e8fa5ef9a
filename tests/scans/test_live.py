"""Live progress over the real websocket routes, and who may listen."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async
from django.conf import settings
from django.test import Client

from apps.scans import actions, progress
from apps.scans.models import Scan
from tests.factories import make_user
from tests.scans.conftest import make_scan, upload

pytestmark = pytest.mark.django_db(transaction=True)


def cookie_of(client: Client) -> bytes:
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}".encode()


def signed_in(user) -> bytes:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return cookie_of(client)


class Socket(ApplicationCommunicator):
    """A websocket to the whole application, as a browser opens it."""

    def __init__(self, scan: Scan, cookie: bytes = b"", origin: bytes = b"http://testserver") -> None:
        from config.asgi import application

        headers = [(b"origin", origin), (b"host", b"testserver")] + ([(b"cookie", cookie)] if cookie else [])
        scope = {
            "type": "websocket", "path": f"/ws/scans/{scan.pk}/", "query_string": b"", "headers": headers,
            "subprotocols": [],
        }  # fmt: skip
        super().__init__(application, scope)

    async def connect(self) -> bool:
        """Whether the application takes the connection."""
        await self.send_input({"type": "websocket.connect"})
        return (await self.receive_output(10))["type"] == "websocket.accept"

    async def heard(self) -> str:
        """The next message."""
        return (await self.receive_output(10))["text"]

    async def disconnect(self) -> None:
        """Leave."""
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(10)


def connects(scan, cookie: bytes = b"", **how) -> bool:
    async def attempt() -> bool:
        socket = Socket(scan, cookie, **how)
        connected = await socket.connect()
        if connected:
            await socket.disconnect()
        return connected

    return async_to_sync(attempt)()


def test_the_owner_hears_every_step_up_to_the_review(member, queued, engine):
    scan = actions.start_scan(uploads=[upload(), upload(seed=1)], owner=member)
    photos = list(scan.photos.all())
    cookie = signed_in(member)

    async def watch() -> list[str]:
        socket = Socket(scan, cookie)
        assert await socket.connect()
        heard = [await socket.heard()]
        for photo in photos:
            await database_sync_to_async(actions.process_photo)(photo_id=photo.pk)
            heard += [await socket.heard() for _ in range(2)]
        await socket.disconnect()
        return heard

    heard = async_to_sync(watch)()
    assert "Waiting for a free worker" in heard[0]
    assert "1 of 2 photos done, 1 card found" in heard[2]
    assert "Opening the review" in heard[-1]
    assert f'hx-get="/scan/{scan.pk}/"' in heard[-1]
    assert 'hx-get="' not in heard[2]


def test_who_comes_late_is_told_where_it_stands(member):
    scan, cookie = make_scan(member), signed_in(member)

    async def watch() -> str:
        socket = Socket(scan, cookie)
        await socket.connect()
        told = await socket.heard()
        await socket.disconnect()
        return told

    assert "Opening the review" in async_to_sync(watch)()


def test_who_waits_hears_their_place_and_that_the_queue_moves(member, queued, engine, monkeypatch):
    from apps.scans import consumers

    monkeypatch.setattr(consumers, "_QUEUE_PAUSE", 0)
    first = actions.start_scan(uploads=[upload()], owner=make_user())
    scan, cookie = actions.start_scan(uploads=[upload(), upload(seed=1)], owner=member), signed_in(member)
    next_photo = first.photos.get().pk

    async def watch() -> list[str]:
        socket = Socket(scan, cookie)
        await socket.connect()
        heard = [await socket.heard()]
        await database_sync_to_async(actions.look_at_waiting)(photo_id=next_photo)
        heard += [await socket.heard(), await socket.heard()]
        await socket.disconnect()
        return heard

    told, _, moved = async_to_sync(watch)()
    assert "1 photo before yours." in told
    assert "Waiting for a free worker" in moved
    assert moved.count("review__state--waiting") == 2
    assert f'id="photo-state-{scan.photos.first().pk}" hx-swap-oob="true"' in moved


def test_who_does_not_wait_is_left_alone_when_the_queue_moves(member, queued, engine):
    next_photo = actions.start_scan(uploads=[upload()], owner=make_user()).photos.get().pk
    scan, cookie = make_scan(member), signed_in(member)

    async def watch() -> bool:
        socket = Socket(scan, cookie)
        await socket.connect()
        await socket.heard()
        await database_sync_to_async(actions.look_at_waiting)(photo_id=next_photo)
        silent = await socket.receive_nothing(0.2)
        await socket.disconnect()
        return silent

    assert async_to_sync(watch)()


def test_others_are_turned_away(member):
    scan = make_scan(member)
    assert connects(scan, signed_in(member))
    assert not connects(scan, signed_in(make_user()))
    assert not connects(scan)


def test_another_site_is_turned_away(member):
    assert not connects(make_scan(member), signed_in(member), origin=b"https://elsewhere.example")


def test_a_visitor_watches_their_own_scan(queued):
    client = Client()
    client.post("/scan/", {"photos": upload()})
    scan = Scan.objects.get()
    assert connects(scan, cookie_of(client))
    stranger = Client()
    stranger.post("/scan/", {"photos": upload(seed=1)})
    assert not connects(scan, cookie_of(stranger))


def test_a_visitor_who_has_become_a_member_is_told_to_ask_anew(member, queued):
    client = Client()
    client.post("/scan/", {"photos": upload()})
    scan, cookie = Scan.objects.get(), cookie_of(client)

    async def watch() -> dict:
        socket = Socket(scan, cookie)
        await socket.connect()
        await socket.heard()
        await database_sync_to_async(actions.claim)(visitor_token=scan.visitor_token, user=member)
        await database_sync_to_async(progress.tell)(scan.pk)
        return await socket.receive_output(10)

    closed = async_to_sync(watch)()
    assert (closed["type"], closed["code"]) == ("websocket.close", 4404)
