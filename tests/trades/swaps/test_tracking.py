"""What a carrier says of a parcel counts like the receiver's word; a service that is down or talks nonsense harms nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.utils import timezone

from apps.trades.swaps import tracking
from apps.trades.swaps.tracking import OwnWord

pytestmark = pytest.mark.django_db


class Service:
    """Answers as they were recorded, and what was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, str]] = {}
        self.asked: list[tuple[str, str]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                service.asked.append((self.path, self.headers.get("Authorization", "")))
                number = self.path.rsplit("/", 1)[-1].partition("?")[0]
                status, body = service.answers.get(number, (404, '{"error": "unknown"}'))
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}/v1/parcels"


@pytest.fixture
def service(settings) -> Iterator[Service]:
    made = Service()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    settings.CARRIER_ADDRESS, settings.CARRIER_KEY, settings.FEEDS_ALLOW_PRIVATE = made.address, "secret", True
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join(5)


def delivered_now() -> str:
    return f'{{"status": "delivered", "delivered_at": "{timezone.now().isoformat()}"}}'


@pytest.fixture
def shipped(table, settings):
    settings.NEW_SELLER_SALES = 0
    at = table().agree()
    at.ship(at.ada)
    at.ship(at.bob)
    number = {person.pk: at.side(person).tracking_number for person in (at.ada, at.bob)}
    return at, number


def test_a_delivered_parcel_begins_its_inspection(shipped, service):
    at, number = shipped
    service.answers[number[at.ada.pk].replace(" ", "%20")] = (200, delivered_now())
    assert tracking.ask_carriers() == 1
    assert at.side(at.ada).delivered_at is not None
    assert at.side(at.bob).delivered_at is None
    assert tracking.ask_carriers() == 0
    assert ("?carrier=Post" in service.asked[0][0], service.asked[0][1]) == (True, "Bearer secret")


@pytest.mark.parametrize(
    "answer",
    [
        (200, '{"status": "in-transit"}'),
        (200, "<html>"),
        (200, '{"status": "delivered"}'),
        (200, '{"status": "delivered", "delivered_at": "2001-01-01T00:00:00Z"}'),
        (404, "{}"),
        (503, "{}"),
    ],
)
def test_whatever_else_it_says_changes_nothing(shipped, service, answer):
    at, number = shipped
    for each in number.values():
        service.answers[each.replace(" ", "%20")] = answer
    assert tracking.ask_carriers() == 0
    assert at.side(at.ada).delivered_at is None
    assert at.fresh().swap.state == "under-way"


def test_without_a_service_nobody_is_asked(shipped, settings):
    settings.CARRIER_ADDRESS = ""
    assert tracking.ask_carriers() == 0
    assert tracking.ask_carriers(carrier=OwnWord()) == 0
