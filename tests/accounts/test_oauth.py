"""Apps of others: registered, allowed by a member on a page, given tokens by PKCE, refreshed once each, and sent away."""

import base64
import hashlib
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.idp.oidc.models import Client as App
from allauth.idp.oidc.models import Token
from django.test import Client
from rest_framework.test import APIClient

from apps.accounts.oauth import actions
from apps.core.errors import Conflict, InvalidInput
from tests.factories import make_user
from tests.signing_in import confirm

pytestmark = pytest.mark.django_db
BACK = "https://app.example.net/back"
VERIFIER = "a-verifier-that-is-long-enough-to-be-one-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


@pytest.fixture
def made(db):
    return actions.register_app(
        name="Price watch", redirect_uris=[BACK], scopes=["read", "alerts:write"], is_public=False, by=make_user()
    )


@pytest.fixture
def app(made) -> App:
    return made[0]


@pytest.fixture
def secret(made) -> str:
    return made[1]


def question(app, **changes) -> dict[str, str]:
    asked = {
        "response_type": "code", "client_id": app.pk, "redirect_uri": BACK, "scope": "read alerts:write", "state": "s1",
        "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    } | changes  # fmt: skip
    return {name: value for name, value in asked.items() if value}


def allow(member, app, scopes=("read", "alerts:write"), action="grant", **changes):
    browser = Client()
    browser.force_login(member)
    page = browser.get("/oauth/authorize", question(app, **changes))
    assert page.status_code == 200, page
    signed = re.search(r'name="request" value="([^"]+)"', page.content.decode())[1]
    return browser.post("/oauth/authorize", {"request": signed, "scopes": list(scopes), "action": action})


def code_of(answer) -> str:
    assert answer.status_code == 302
    return parse_qs(urlsplit(answer["Location"]).query)["code"][0]


def hand_in(app, secret, **fields):
    body = {"client_id": app.pk, "client_secret": secret, "redirect_uri": BACK} | fields
    return Client().post("/oauth/token", body)


def tokens_for(member, app, secret, **more) -> dict:
    code = code_of(allow(member, app, **more))
    answer = hand_in(app, secret, grant_type="authorization_code", code=code, code_verifier=VERIFIER)
    assert answer.status_code == 200, answer.content
    return answer.json()


def ask(token, path="/api/v1/me", method="get", **body) -> int:
    return getattr(APIClient(headers={"Authorization": f"Bearer {token}"}), method)(path, body).status_code


def test_a_member_reads_in_words_what_an_app_may_do(client, member, app):
    client.force_login(member)
    answer = client.get("/oauth/authorize", question(app))
    page = answer.content.decode()
    assert "Price watch" in page
    assert "Read the catalogue and what is yours" in page
    assert "Set and change alerts" in page
    assert "https://app.example.net" in answer["Content-Security-Policy"]


def test_visitors_sign_in_first(client, app):
    answer = client.get("/oauth/authorize", question(app))
    assert answer.url.startswith("/accounts/login/?next=/oauth/authorize")


def test_from_consent_to_the_api(member, app, secret):
    made = tokens_for(member, app, secret)
    assert (made["expires_in"], made["token_type"]) == (3600, "Bearer")
    assert ask(made["access_token"]) == 200
    assert not Token.objects.filter(hash=made["access_token"]).exists()


def test_an_app_does_what_was_ticked_and_no_more(member, app, secret):
    made = tokens_for(member, app, secret, scopes=["read"])
    assert made["scope"] == "read"
    assert ask(made["access_token"], "/api/v1/alerts", "post") == 403
    assert ask(made["access_token"], "/api/v1/api-keys") == 403
    assert ask(made["access_token"], "/api/v1/connected-apps") == 403
    assert ask(made["access_token"], "/api/v1/me", "patch", about="x") == 403


def test_no_is_no(member, app):
    answer = allow(member, app, action="cancel")
    assert answer["Location"] == f"{BACK}?error=access_denied&state=s1"
    assert not Token.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": ""},
        {"response_type": "token"},
        {"response_type": "id_token"},
        {"prompt": "none"},
    ],
)
def test_what_is_not_the_code_flow_with_pkce_is_refused(client, member, app, changes):
    client.force_login(member)
    assert client.get("/oauth/authorize", question(app, **changes)).status_code == 400


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example.net/back", "https://app.example.net/back/../evil", "https://app.example.net.evil.net/back",
        "http://app.example.net/back", "https://app.example.net:444/back", "javascript:alert(1)", "//evil.example.net",
    ],
)  # fmt: skip
def test_a_code_is_sent_to_registered_addresses_alone(client, member, app, address):
    client.force_login(member)
    answer = client.get("/oauth/authorize", question(app, redirect_uri=address))
    assert answer.status_code == 200
    assert "cannot be let in" in answer.content.decode()


def test_scopes_that_were_not_registered_are_refused(client, member, app):
    client.force_login(member)
    answer = client.get("/oauth/authorize", question(app, scope="read trades:write"))
    assert "invalid_scope" in answer["Location"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"code_verifier": "x" * 50},
        {"code_verifier": ""},
        {"client_secret": "x"},
        {"redirect_uri": "https://app.example.net/"},
    ],
)
def test_a_stolen_code_is_worth_nothing(member, app, secret, wrong):
    code = code_of(allow(member, app))
    fields = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER} | wrong
    assert hand_in(app, secret, **fields).status_code in {400, 401}
    assert not Token.objects.exists()


def test_a_code_handed_in_twice_ends_what_it_gave(member, app, secret):
    code = code_of(allow(member, app))
    fields = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
    made = hand_in(app, secret, **fields).json()
    assert hand_in(app, secret, **fields).json() == {"error": "invalid_grant"}
    assert ask(made["access_token"]) == 401


def test_refreshing_replaces_and_an_old_refresh_token_ends_everything(member, app, secret):
    first = tokens_for(member, app, secret)
    refresh = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = hand_in(app, secret, **refresh).json()
    assert ask(second["access_token"]) == 200
    assert hand_in(app, secret, **refresh).status_code == 400
    assert ask(second["access_token"]) == 401
    refresh["refresh_token"] = second["refresh_token"]
    assert hand_in(app, secret, **refresh).status_code == 400


def test_another_app_cannot_use_a_refresh_token(member, app, secret):
    made = tokens_for(member, app, secret)
    other, its_secret = actions.register_app(
        name="Other", redirect_uris=[BACK], scopes=["read"], is_public=False, by=make_user()
    )
    assert (
        hand_in(other, its_secret, grant_type="refresh_token", refresh_token=made["refresh_token"]).status_code == 400
    )
    assert ask(made["access_token"]) == 200


def test_an_app_gives_its_token_back(member, app, secret):
    made = tokens_for(member, app, secret)
    answer = Client().post(
        "/oauth/revoke", {"client_id": app.pk, "client_secret": secret, "token": made["access_token"]}
    )
    assert answer.status_code == 200
    assert ask(made["access_token"]) == 401


def test_a_member_sends_an_app_away(client, member, app, secret):
    made = tokens_for(member, app, secret)
    client.force_login(member)
    page = client.get("/me/connected-apps/").content.decode()
    assert "Price watch" in page
    assert "Set and change alerts" in page
    client.post(f"/me/connected-apps/{app.pk}/disconnect/")
    assert ask(made["access_token"]) == 401
    assert client.post(f"/me/connected-apps/{app.pk}/disconnect/").status_code == 404


def test_tokens_end_with_the_account_and_the_app(member, app, secret):
    made = tokens_for(member, app, secret)
    member.is_active = False
    member.save()
    assert ask(made["access_token"]) == 401
    refresh = {"grant_type": "refresh_token", "refresh_token": made["refresh_token"]}
    assert hand_in(app, secret, **refresh).status_code == 400
    actions.remove_app(app=app, by=app.owner)
    assert not Token.objects.exists()


def test_a_consent_cannot_be_given_by_another_site(member, app):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(member)
    page = browser.get("/oauth/authorize", question(app)).content.decode()
    signed = re.search(r'name="request" value="([^"]+)"', page)[1]
    answer = browser.post("/oauth/authorize", {"request": signed, "scopes": ["read"], "action": "grant"})
    assert answer.status_code == 403
    forged = browser.post("/oauth/authorize", {"request": signed[:-3] + "abc", "scopes": ["read"], "action": "grant"})
    assert forged.status_code == 403


def test_a_developer_registers_an_app_and_sees_the_secret_once(client, member):
    confirm(client, member)
    form = {
        "name": "Shop sync",
        "redirect_uris": f"{BACK}\nhttp://127.0.0.1/x",
        "kind": "confidential",
        "scopes": ["read"],
    }
    page = client.post("/me/apps/", form).content.decode()
    secret = re.search(r'id="new-app-secret" type="text" value="([^"]+)"', page)[1]
    assert secret not in client.get("/me/apps/").content.decode()
    assert not App.objects.filter(secret__contains=secret).exists()
    assert client.post(f"/me/apps/{App.objects.get().pk}/remove/").status_code == 302
    assert not App.objects.exists()


def test_registering_needs_the_password_once_more(client, member):
    client.force_login(member)
    assert "/reauthenticate/" in client.post("/me/apps/", {"name": "x"}).url


@pytest.mark.parametrize(
    "address",
    [
        "http://app.example.net/", "https://*.example.net/", "https://a:b@example.net/", "https://example.net/#x", "ftp://x/",
        "javascript:alert(1)", "https://", "nonsense", "https://exam ple.net", "https://[x", "https://exa\u2028mple.net/",
    ],
)  # fmt: skip
def test_addresses_that_codes_could_be_stolen_at_are_refused(address):
    with pytest.raises(InvalidInput):
        actions.checked_redirects([address])


@pytest.mark.parametrize("name", ["CardVault Support", "cardvault", "x", "Official shop"])
def test_an_app_cannot_pass_for_ours(member, name):
    with pytest.raises(InvalidInput):
        actions.register_app(name=name, redirect_uris=[BACK], scopes=["read"], is_public=False, by=member)


def test_there_is_an_end_to_apps(member, monkeypatch):
    monkeypatch.setattr(actions, "MOST_APPS", 1)
    wanted = {"redirect_uris": [BACK], "scopes": ["read"], "is_public": True, "by": member}
    actions.register_app(name="First", **wanted)
    with pytest.raises(Conflict):
        actions.register_app(name="Second", **wanted)


def test_programs_do_the_same_by_rest(member, signed_in, with_key):
    program = signed_in(member)
    body = {"name": "Shop sync", "redirect_uris": [BACK], "scopes": ["read"]}
    made = program.post("/api/v1/apps", body)
    assert made.status_code == 201
    assert made.json()["client_secret"]
    assert [each["name"] for each in program.get("/api/v1/apps").json()["apps"]] == ["Shop sync"]
    tokens_for(member, App.objects.get(), made.json()["client_secret"], scope="read", scopes=["read"])
    connected = program.get("/api/v1/connected-apps").json()["apps"]
    assert [(each["name"], each["scopes"]) for each in connected] == [("Shop sync", ["read"])]
    assert program.delete(f"/api/v1/connected-apps/{connected[0]['client_id']}").status_code == 204
    assert program.delete(f"/api/v1/apps/{connected[0]['client_id']}").status_code == 204
    assert with_key(member).post("/api/v1/apps", body).status_code == 403


def test_where_everything_is_can_be_asked(client, settings):
    settings.SITE_URL = "https://cards.example.com"
    told = client.get("/.well-known/oauth-authorization-server").json()
    assert told["token_endpoint"] == "https://cards.example.com/oauth/token"
    assert told["code_challenge_methods_supported"] == ["S256"]
