"""What is somebody else's is neither seen nor acted upon, by any route and any HTTP method.

Every route of the product that is listed in tests/routes as not open to everybody is asked here by every method, as a
visitor, as another member, and as a moderator, about things of a trade, swap, case, offer, cart, item, scan, address or
payment that is not theirs. A new route is listed there or its test fails; listed there it is asked here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from rest_framework.test import APIClient

from apps.accounts import actions as accounts
from apps.accounts.models import Role, Scope
from tests.factories import make_user
from tests.routes.asking import address_of, is_sent_to_sign_in
from tests.routes.kinds import KEYLESS, MEMBER, MODERATOR, OWNER, PARTY
from tests.routes.listed import REST, WEB
from tests.routes.world import made_once, world  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db

METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
# The same address shows something public when it is only read: a listing, all of them, a list of wants that is public.
OPEN_TO_READ = {"api-listing", "api-listings", "api-want-list"}
# As they read the room itself.
MODERATORS_READ = {"api-trade-messages"}
# What asking leaves behind: when a key was used last, that somebody is signed in, and tries that were counted.
_LEFT = re.compile(r'"(accounts_apikey|django_session|accounts_user)"')
# A program's empty input is refused before anybody looks whose thing it is about.
BAD_INPUT = frozenset({400})
# Moderators may see the room, and are led back into it with a message, or get their form back.
TOLD_NO = frozenset({302, 422})
_WRITES = re.compile(r"^(insert|update|delete)\b", re.IGNORECASE)


def refused(answer: object) -> bool:
    return answer.status_code in {401, 403, 404, 405} or is_sent_to_sign_in(answer)


class Asked:
    """One person who asks, and what must not come of it."""

    def __init__(self, client: Client, secrets: set[str]) -> None:
        self.client, self.secrets = client, secrets
        self.wrong: list[str] = []

    def ask(self, name: str, method: str, address: str, *, also: frozenset[int] = frozenset()) -> None:
        """also: statuses that are a refusal here as well; that nothing was written is proved all the same."""
        with (
            transaction.atomic(),
            CaptureQueriesContext(
                connection,
            ) as queries,
        ):
            answer = getattr(self.client, method)(address)
            body = b"".join(answer) if answer.streaming else answer.content
            transaction.set_rollback(True)
        told = f"{method.upper()} {name}: {answer.status_code}"
        described = method == "options" and address.startswith("/api/") and answer.status_code == 200
        if not (refused(answer) or described or answer.status_code in also):
            self.wrong.append(told)
        if seen := [secret for secret in self.secrets if secret.encode() in body]:
            self.wrong.append(f"{told} shows {seen}")
        for query in queries:
            if _WRITES.match(query["sql"]) and not _LEFT.search(query["sql"]):
                self.wrong.append(f"{told} wrote {query['sql'][:80]}")


@pytest.fixture
def secrets(world) -> set[str]:  # noqa: F811
    """What only the two of the trade know."""
    world.trade.ship_to = {**world.trade.ship_to, "line1": "77 Secret Lane"}
    world.trade.save(update_fields=["ship_to"])
    world.address.line1 = "77 Secret Lane"
    world.address.save(update_fields=["line1"])
    return {"77 Secret Lane", world.owner.email, world.trade.buyer.email, world.payment.intent_id}


def signed_in(person: object) -> Client:
    client = Client(raise_request_exception=False)
    if person is not None:
        client.force_login(person)
    return client


def with_every_scope(person: object) -> APIClient:
    _, secret = accounts.create_api_key(user=person, name="test", scopes=list(Scope.values), by=person)
    return APIClient(headers={"X-API-Key": secret}, raise_request_exception=False)


def theirs(routes: dict) -> Iterator[str]:
    return (name for name, route in routes.items() if route.who in {OWNER, PARTY})


def test_a_visitor_gets_nowhere_by_any_method(world, secrets):  # noqa: F811
    asked = Asked(signed_in(None), secrets)
    for name, route in WEB.items():
        if route.who in {MEMBER, OWNER, PARTY, MODERATOR}:
            for method in METHODS:
                asked.ask(name, method, address_of(name, route, world))
    asked.client = APIClient(raise_request_exception=False)
    for name, route in REST.items():
        if route.who in {MEMBER, OWNER, PARTY, KEYLESS}:
            for method in METHODS:
                if not (name in OPEN_TO_READ and method in {"get", "head"}):
                    asked.ask(name, method, address_of(name, route, world))
    assert not asked.wrong, "\n".join(asked.wrong)


def test_another_member_neither_sees_nor_does_anything_by_any_method(world, secrets):  # noqa: F811
    stranger = make_user()
    asked = Asked(signed_in(stranger), secrets)
    for name in theirs(WEB):
        for method in METHODS:
            asked.ask(name, method, address_of(name, WEB[name], world))
    asked.client = with_every_scope(stranger)
    for name in theirs(REST):
        for method in METHODS:
            if not (name in OPEN_TO_READ and method in {"get", "head"}):
                asked.ask(name, method, address_of(name, REST[name], world), also=BAD_INPUT)
    assert not asked.wrong, "\n".join(asked.wrong)


def test_a_moderator_looks_where_it_is_listed_and_does_nothing_of_the_members_own(world):  # noqa: F811
    moderator = make_user(role=Role.MODERATOR)
    asked = Asked(signed_in(moderator), set())
    for routes in (WEB, REST):
        for name in theirs(routes):
            for method in METHODS:
                looks = method in {"get", "head"} and (
                    routes[name].moderators or name in OPEN_TO_READ | MODERATORS_READ
                )
                if not looks:
                    asked.ask(name, method, address_of(name, routes[name], world), also=BAD_INPUT | TOLD_NO)
        asked.client = with_every_scope(moderator)
    assert not asked.wrong, "\n".join(asked.wrong)


def test_every_table_of_the_admin_is_closed_to_members_by_any_method(world, secrets):  # noqa: F811
    """Ledger rows, payments, disputes, members: with a row that is there."""
    asked = Asked(signed_in(None), secrets)
    addresses = dict(admin_addresses())
    assert {"escrow_ledgertransaction_change", "escrow_payment_change", "escrow_hold_change"} <= set(addresses)
    for person in (None, make_user(), world.owner):
        asked.client = signed_in(person)
        for name, address in addresses.items():
            for method in ("get", "post", "delete"):
                asked.ask(name, method, address)
    assert not asked.wrong, "\n".join(asked.wrong)


def admin_addresses() -> Iterator[tuple[str, str]]:
    """Every route of every table of the admin, about its first row or one that is not there."""
    for model, shown in admin.site._registry.items():
        row = model._default_manager.order_by("pk").values_list("pk", flat=True).first()
        for pattern in shown.get_urls():
            if not pattern.name:
                continue
            for arguments in ([], [row or "01a00000-0000-7000-8000-000000000000"]):
                try:
                    yield pattern.name, reverse(f"admin:{pattern.name}", args=arguments)
                except NoReverseMatch:
                    continue
