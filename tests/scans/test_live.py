"""Live progress: who watches a scan is told that it changed and asks how far it is; others neither hear nor see."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.scans import actions
from apps.scans.models import Scan
from tests.factories import make_user
from tests.live.clients import Socket, do, live, signed_in
from tests.scans.conftest import make_scan, upload

pytestmark = pytest.mark.django_db(transaction=True)


def stream(scan: Scan) -> str:
    return f"scan:{scan.pk}"


def how_far(client: Client, scan: Scan) -> str:
    return client.get(f"/scan/{scan.pk}/progress/").content.decode()


def begins(scan: Scan, client: Client | None = None) -> str:
    """What is answered to somebody who would like to follow a scan."""

    async def attempt() -> str:
        page = Socket(client)
        await page.connect()
        answer = await page.follow(stream(scan))
        await page.leave()
        return answer.get("code", answer["type"])

    return live(attempt)


def test_the_owner_hears_every_step_up_to_the_review(member, queued, engine):
    scan = actions.start_scan(uploads=[upload(), upload(seed=1)], owner=member)
    client, photos = signed_in(member), list(scan.photos.all())

    async def watch() -> list[str]:
        page = Socket(client)
        await page.connect()
        await page.follow(stream(scan))
        seen = [await do(how_far, client, scan)]
        for photo in photos:
            await do(actions.process_photo, photo_id=photo.pk)
            for _ in range(2):
                assert (await page.heard())["event"] == "changed"
            seen.append(await do(how_far, client, scan))
        await page.leave()
        return seen

    waits, half, done = live(watch)
    assert "Waiting for a free worker" in waits
    assert "1 of 2 photos done, 1 card found" in half
    assert f'hx-get="/scan/{scan.pk}/"' not in half
    assert "Opening the review" in done
    assert f'hx-get="/scan/{scan.pk}/"' in done


def test_who_waits_hears_that_the_queue_moves(member, queued, engine):
    first = actions.start_scan(uploads=[upload()], owner=make_user())
    scan, client = actions.start_scan(uploads=[upload(), upload(seed=1)], owner=member), signed_in(member)
    before, next_photo = how_far(client, scan), first.photos.get().pk

    async def watch() -> str:
        page = Socket(client)
        await page.connect()
        await page.follow("scan-queue:all")
        await do(actions.look_at_waiting, photo_id=next_photo)
        assert (await page.heard())["event"] == "moved"
        await page.leave()
        return await do(how_far, client, scan)

    moved = live(watch)
    assert "1 photo before yours." in before
    assert 'data-live="scan-queue:all"' in before
    assert "Waiting for a free worker" in moved
    assert moved.count("review__state--waiting") == 2
    assert f'id="photo-state-{scan.photos.first().pk}" hx-swap-oob="true"' in moved


def test_others_are_turned_away(member):
    scan, stranger = make_scan(member), signed_in(make_user())
    assert begins(scan, signed_in(member)) == "subscribed"
    assert begins(scan, stranger) == begins(scan) == "no_such_stream"
    assert stranger.get(f"/scan/{scan.pk}/progress/").status_code == 404


def test_a_visitor_watches_their_own_scan_until_a_member_takes_it_over(member, queued):
    client, stranger = Client(), Client()
    client.post("/scan/", {"photos": upload()})
    scan = Scan.objects.get()
    stranger.post("/scan/", {"photos": upload(seed=1)})
    assert begins(scan, client) == "subscribed"
    assert begins(scan, stranger) == "no_such_stream"
    actions.claim(visitor_token=scan.visitor_token, user=member)
    assert begins(scan, client) == "no_such_stream"
