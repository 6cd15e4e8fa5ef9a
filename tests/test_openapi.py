"""The API does what its OpenAPI schema says: Schemathesis asks the operations that only read, and those of alerts.

Under HYPOTHESIS_PROFILE=gate the same requests are made every time (tests/conftest.py).
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

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
from apps.accounts.models import Scope
from apps.alerts import actions as alerts
from apps.valuations.models import Feed, FeedRun, Quote, Source
from tests.factories import make_price, make_product, make_user, make_variant

pytestmark = pytest.mark.django_db

EXAMPLES = 8
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
PATHS = ("/api/v1/cards/", "/api/v1/prices/", "/api/v1/sets", "/api/v1/alerts", "/api/v1/me", "/api/v1/portfolio")


@pytest.fixture(autouse=True)
def _the_tests_connection_stays_open():
    """A WSGI server's requests close connections when they begin and end; these run inside the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def world():
    """A priced card with a history, and a member with an alert: what ids in paths are about."""
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
    _, secret = accounts.create_api_key(user=owner, name="test", scopes=list(Scope.values), by=owner)
    known = {"/cards/": variant.product_id, "/sets/": variant.product.release_id, "/alerts/": alert.pk}
    return known, secret


def operations():
    """Method and path of what is asked: reads, and the writes of alerts and of the look-up."""
    for path, methods in SchemaGenerator().get_schema(request=None, public=True)["paths"].items():
        for method in methods:
            reads = method == "get" or "/alerts" in path or path.endswith("/lookup")
            if path.startswith(PATHS) and reads:
                yield method, path


@pytest.mark.parametrize(("method", "path"), list(operations()), ids=lambda part: part)
def test_the_api_does_what_its_schema_says(method, path, world):
    known, secret = world
    schema = schemathesis.openapi.from_wsgi(
        "/api/v1/schema/?format=json", get_wsgi_application(), config=SchemathesisConfig()
    )
    operation = schema[path][method.upper()]

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None)
    @given(case=operation.as_strategy())
    def ask(case):
        if case.path_parameters and "id" in case.path_parameters and len(str(case.path_parameters["id"])) % 2 == 0:
            about = next((pk for part, pk in known.items() if part in path), None)
            if about is not None:
                case.path_parameters["id"] = str(about)
        case.headers.update({"X-API-Key": secret, "Accept-Encoding": "identity"})
        response = case.call(base_url="http://testserver")
        case.validate_response(response, checks=CHECKS)

    ask()


def test_every_operation_says_what_it_does_and_how_it_fails():
    found = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    for path, methods in found.items():
        for method, operation in methods.items():
            assert operation.get("description"), (method, path)
            assert operation.get("tags"), (method, path)
            assert {"400", "401", "429", "503"} <= set(operation["responses"]), (method, path)
