"""Who may go where: every route of the product is asked as each kind of person.

tests/routes lists them, a module for each room. A route that nobody listed fails the first test. The admin's own tables
are in tests/moderation.
"""
# ruff: noqa: F811 - `world` is a fixture

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import get_resolver, reverse
from rest_framework.test import APIClient

from apps.accounts import actions as accounts
from apps.accounts.models import Role, Scope
from tests.factories import make_user
from tests.routes.accounts import ACCOUNT
from tests.routes.asking import address_of, ask, is_let_in, is_sent_to_sign_in, routes
from tests.routes.kinds import KEYLESS, MEMBER, MODERATOR, PARTY, PUBLIC, SIGNED
from tests.routes.listed import REST, WEB
from tests.routes.moderation import ADMIN_OWN
from tests.routes.site import FILES
from tests.routes.world import made_once, world  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db


def is_of_a_table(name: str) -> bool:
    """Whether the admin's own machinery made the route for one of its tables."""
    endings = ("_changelist", "_add", "_change", "_delete", "_history")
    return name.startswith("admin:") and (name.endswith(endings) or "/" in name or "<" in name)


def test_every_route_is_listed_and_every_listed_one_is_there():
    found = {name for name in routes(get_resolver().url_patterns) if not is_of_a_table(name)}
    listed = {*WEB, *REST, *FILES, *ADMIN_OWN}.union(*ACCOUNT.values())
    assert found - listed - {"admin:(?P<url>.*)$"} == set(), "list these routes with who may use them"
    assert listed - found == set()


@pytest.mark.parametrize("name", sorted(WEB))
def test_a_page_is_open_to_whom_it_should_be(name, world):
    route = WEB[name]
    address = address_of(name, route, world)
    visitor, stranger, moderator = None, make_user(), make_user(role=Role.MODERATOR)
    if route.who == PUBLIC:
        for person in (visitor, stranger, moderator):
            assert is_let_in(ask(person, route, address))
        return
    if route.who == SIGNED:
        for person in (visitor, moderator):  # 404: what is off until it has a token
            assert ask(person, route, address).status_code in {400, 404}
        return
    answer = ask(visitor, route, address)
    assert answer.status_code == 404 if route.visitors else is_sent_to_sign_in(answer)
    if route.who == MEMBER:
        # Who has no payout account has nothing there yet, and is told so.
        assert is_let_in(ask(stranger, route, address)) or name in {"payout-dashboard", "onboarding-return"}
    elif route.who == MODERATOR:
        assert ask(stranger, route, address).status_code in {302, 403, 404}
        assert ask(world.owner, route, address).status_code in {302, 403, 404}
        for person in (moderator, make_user(role=Role.ADMIN)):
            assert ask(person, route, address).status_code == 200
    else:
        assert ask(stranger, route, address).status_code == 404
        answer = ask(moderator, route, address)
        assert answer.status_code == 200 if route.moderators else not is_let_in(answer) or told_no(answer, world)
        theirs = world.payment.hold.payer if name == "pay-return" else world.owner
        answer = ask(theirs, route, address)
        # What is the other side's to do is refused by the action (tests/trades); the room itself is theirs.
        assert is_let_in(answer) or (route.who == PARTY and answer.status_code == 403)


def told_no(answer: object, world: SimpleNamespace) -> bool:
    """Whether a step was refused by leading back with a message, or by its form; nothing has happened."""
    before = world.trade.hold.state
    world.trade.hold.refresh_from_db()
    return answer.status_code in {302, 422} and world.trade.hold.state == before


@pytest.mark.parametrize("name", sorted(REST))
def test_an_endpoint_is_open_to_whom_it_should_be(name, world):
    route = REST[name]
    address = address_of(name, route, world)

    def call(person: object = None, *scopes: str) -> int:
        headers = {}
        if person is not None:
            _, secret = accounts.create_api_key(user=person, name="test", scopes=list(scopes), by=person)
            headers = {"X-API-Key": secret}
        return getattr(APIClient(headers=headers, raise_request_exception=False), route.method)(address).status_code

    if route.who == PUBLIC:
        assert call() not in {401, 403}
        assert call() < 500
        return
    assert call() == 401
    every = [scope for scope in Scope.values if scope != route.scope]
    if route.who == KEYLESS:
        assert call(world.owner, *Scope.values) == 403
        return
    # A key with every scope but the one.
    assert call(world.owner, *every) == 403
    stranger = make_user()
    if route.who == MEMBER:
        assert call(stranger, route.scope) not in {401, 403, 404}
        return
    assert call(stranger, route.scope) == 404
    assert call(make_user(role=Role.MODERATOR), route.scope) in ({200} if route.moderators else {400, 403, 404})
    answer = call(world.owner, route.scope)
    assert answer < 500
    assert answer not in {401, 404}
    assert answer != 403 or route.who == PARTY


@pytest.mark.parametrize("name", sorted({"account_login", "account_signup", "account_reset_password"}))
def test_signing_in_is_open_to_visitors(name, client):
    assert client.get(reverse(name)).status_code == 200


@pytest.mark.parametrize("name", sorted(ACCOUNT["member"]))
def test_ones_sign_in_is_changed_by_members_only(name, client):
    answer = client.get(reverse(name))
    assert is_sent_to_sign_in(answer)


def test_what_has_no_address_is_a_404_for_everybody(client, moderator):
    assert client.get("/nothing/here/").status_code == 404
    client.force_login(moderator)
    assert client.get("/nothing/here/").status_code == 404
    assert client.get("/api/v1/nothing").json()["error"]["code"] == "NOT_FOUND"


def test_a_form_without_its_token_is_refused():
    client = Client(enforce_csrf_checks=True)
    owner = make_user()
    client.force_login(owner)
    answer = client.post(reverse("binder-new"), {"name": "x"})
    assert answer.status_code == 403
    assert "form has expired" in answer.content.decode()
    assert not owner.binders.exists()


@pytest.mark.parametrize("name", sorted(name for name, route in WEB.items() if route.method == "post"))
def test_what_changes_something_is_never_done_by_a_link(name, world, client):
    client.force_login(world.owner)
    assert client.get(address_of(name, WEB[name], world)).status_code == 405
