"""The API does what its OpenAPI schema says: Schemathesis asks every operation but those that need more than ourselves.

Under HYPOTHESIS_PROFILE=gate the same requests are made every time (tests/conftest.py).
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import count

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from apps.accounts import actions as accounts
from apps.accounts import tokens
from apps.accounts.blocks import actions as blocks
from apps.accounts.models import Scope
from apps.alerts import actions as alerts
from apps.alerts.models import Alert
from apps.listings.offers import actions as offers
from apps.notifications.telling import Told, tell
from apps.notifications.webhooks.secrets import new_secret, sealed
from apps.scans.models import DetectedCard, Scan, ScanPhoto
from apps.trades import actions as trades
from apps.trades.reports import actions as reports
from apps.valuations.models import Feed, FeedRun, Quote, Source
from tests.factories import (
    make_item,
    make_listing,
    make_price,
    make_product,
    make_trade,
    make_user,
    make_variant,
)
from tests.worlds import kept

pytestmark = pytest.mark.django_db

EXAMPLES = 8
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
NOT_ASKED = {
    ("post", "/api/v1/trades/{id}/pay"): "goes to the payment company",
    ("post", "/api/v1/checkout"): "goes to the payment company",
    ("post", "/api/v1/payments/cards"): "goes to the payment company",
    ("post", "/api/v1/scans"): "hands photos to a worker",
    ("post", "/api/v1/webhooks"): "looks up whose address it is",
    ("patch", "/api/v1/webhooks/{id}"): "looks up whose address it is",
    ("post", "/api/v1/push/devices"): "looks up whose address it is",
    ("post", "/api/v1/auth/logout"): "would end the sign-in that all others are asked with",
}


@pytest.fixture(autouse=True)
def _the_tests_connection_stays_open():
    """A WSGI server's requests close connections when they begin and end; these run inside the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(scope="module", autouse=True)
def _the_schema_is_drawn_once():
    """Every test reads it over HTTP as a client does; working it out anew each time would be a third of their work."""
    draw, drawn = SchemaGenerator.get_schema, {}

    def once(self, request=None, public=False):
        if public not in drawn:
            drawn[public] = draw(self, request=request, public=public)
        return drawn[public]

    SchemaGenerator.get_schema = once
    yield
    SchemaGenerator.get_schema = draw


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """Made once, and for each test as if it had just been made: only ids and a token are handed out."""
    with kept(make_world, blocker=django_db_blocker) as made:
        yield made


@pytest.fixture(scope="module")
def _read():
    return {}


@pytest.fixture
def schema(world, db, _read):
    """The schema as a client reads it, over HTTP; read once, for it takes longer than most tests."""
    if not _read:
        config = SchemathesisConfig()
        _read["schema"] = schemathesis.openapi.from_wsgi(
            "/api/v1/schema/?format=json", get_wsgi_application(), config=config
        )
    return _read["schema"]


def make_world():
    """A priced card with a history, and a member with a bit of everything: what ids in paths are about, and a token."""
    variant = make_variant(make_product("Ember Drake"))
    make_price(variant, change_7d=Decimal(1), change_30d=Decimal(1), market_price=Decimal(12))
    source = Source.objects.get(slug="tcgplayer")
    for days in (1, 8):
        at = timezone.now() - dt.timedelta(days=days)
        Quote.objects.create(variant=variant, source=source, observed_at=at, market=Decimal(11), condition="NM")
    feed = Feed.objects.create(
        slug="down", kind="csv", pace_minutes=60, is_on=True, options={"url": "https://a.example"}
    )
    feed.runs.create(trigger="schedule", state=FeedRun.State.FAILED, ended_at=timezone.now(), error="down")
    owner = make_user()
    alert = alerts.set_rule(by=owner, kind="price_drop", product=variant.product, amount=5)
    _told_once(owner, alert, variant)
    key, _ = accounts.create_api_key(user=owner, name="test", scopes=list(Scope.values), by=owner)
    item = make_item(owner, variant)
    listing = make_listing(owner, variant=variant)
    scan = Scan.objects.create(owner=owner)
    photo = ScanPhoto.objects.create(scan=scan, file="scans/a.jpg", digest="a" * 64, width=10, height=10)
    card = DetectedCard.objects.create(photo=photo, position=0, quad=[[0, 0], [1, 0], [1, 1], [0, 1]])
    trade = make_trade(make_listing(variant=variant), owner)
    offer = offers.make_offer(listing=make_listing(price_minor=2000), by=owner, price_minor=1500)
    blocks.block(other=make_user(), by=owner)
    about = {"kind": "member", "reason": "other", "statement": "Rude."}
    reports.report(target_id=make_user().pk, by=owner, **about)
    report = reports.report(target_id=owner.pk, by=make_user(), **about)
    reports.decide(report=report, uphold=True, decision="It was.", by=make_user(role="moderator"))
    trades.say(trade=trade, by=owner, body="Is it centred?")
    tell([Told("trade.message", owner.pk, "one", "trade:1", "/trades/", {"author": "Ada"})])
    device = owner.devices.create(
        endpoint="https://push.example/1", digest="d" * 64, p256dh="k", auth="a", name="Firefox"
    )
    endpoint = owner.webhook_endpoints.create(url="https://hooks.example/", secret=sealed(new_secret()))
    message = endpoint.messages.create(kind="ping", payload={"type": "ping"})
    message.tries.create(status=200, request="POST", response="thanks")
    known = {
        "/webhooks/messages/": message.pk, "/webhooks/": endpoint.pk, "/push/devices/": device.pk,
        "/scans/cards/": card.pk, "/cards/": variant.product_id, "/sets/": variant.product.release_id,
        "/alerts/": alert.pk, "/inventory/": item.pk, "/listings/": listing.pk, "/trades/": trade.pk,
        "/scans/": scan.pk, "/api-keys/": key.pk, "/offers/": offer.pk, "/blocks/": trade.seller_id,
        "/members/": trade.seller_id, "/reports/": report.pk,
    }  # fmt: skip
    return known, tokens.open_sign_in(owner).access


def _told_once(owner, rule, variant):
    Alert.objects.create(
        owner=owner, rule=rule, kind=rule.kind, variant=variant, condition="NM", value=4, before=6, currency="USD",
        words="It fell.", cause="price", at=timezone.now(),
    )  # fmt: skip


def operations():
    """Method and path of what is asked."""
    for path, methods in SchemaGenerator().get_schema(request=None, public=True)["paths"].items():
        for method in methods:
            if (method, path) not in NOT_ASKED:
                yield method, path


@pytest.mark.parametrize(("method", "path"), list(operations()), ids=lambda part: part)
def test_the_api_does_what_its_schema_says(method, path, world, schema):
    known, token = world
    about = next((pk for part, pk in known.items() if part in path), None)
    operation = schema[path][method.upper()]

    turn = count(1)

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None)
    @given(case=operation.as_strategy())
    def ask(case):
        if "id" in (case.path_parameters or {}) and next(turn) % 3:
            case.path_parameters["id"] = str(about)
        case.headers.update({"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"})
        response = case.call(base_url="http://testserver")
        case.validate_response(response, checks=CHECKS)

    ask()


def test_lists_that_hold_something_are_as_the_schema_says(world, schema):
    """What is drawn at random seldom fits: here each read is asked as people ask it, and has rows to answer."""
    known, token = world
    asked = 0
    for method, path in operations():
        if method != "get" or ("{" in path and not any(f"/api/v1{part}{{id}}" in path for part in known)):
            continue
        if any(parameter.is_required and parameter.location == "query" for parameter in schema[path]["GET"].query):
            continue
        about = next((pk for part, pk in known.items() if part in path), None)
        case = schema[path]["GET"].Case(
            path_parameters={"id": str(about)} if "{id}" in path else {},
            headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"},
        )
        response = case.call(base_url="http://testserver")
        assert response.status_code == 200, (path, response.content)
        case.validate_response(response, checks=CHECKS)
        if not response.headers["content-type"][0].startswith("application/json"):
            continue
        asked += any(isinstance(value, list) and value for value in response.json().values())
    assert asked >= 14


def test_what_is_not_asked_is_there():
    found = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    assert all(method in found[path] for method, path in NOT_ASKED)


def test_every_operation_says_what_it_does_and_how_it_fails():
    found = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    for path, methods in found.items():
        for method, operation in methods.items():
            assert operation.get("description"), (method, path)
            assert operation.get("tags"), (method, path)
            assert {"400", "401", "429", "503"} <= set(operation["responses"]), (method, path)
