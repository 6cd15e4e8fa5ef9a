"""Signing in by another site, against one that speaks OpenID Connect on this machine; and that it is off until set up."""

from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.test import Client

from apps.accounts import actions
from apps.accounts.models import APIKey, User
from config.env import Environment, SettingsError
from config.sign_in import other_sites
from tests.accounts.other_site import other_site
from tests.factories import make_user
from tests.signing_in import confirm, give_app

pytestmark = pytest.mark.django_db
LOGIN, BACK = "/accounts/oidc/other/login/", "/accounts/oidc/other/login/callback/"


@pytest.fixture(scope="module")
def running():
    with other_site() as site:
        yield site


@pytest.fixture
def site(running, settings):
    settings.SOCIALACCOUNT_PROVIDERS = running.settings()
    running.person = {"sub": "1", "email": "ada@example.net", "email_verified": True, "name": "Ada"}
    running.wrong, running.asked = {}, []
    return running


def is_signed_in(client) -> bool:
    return "_auth_user_id" in client.session


def come_back(client, *, address=LOGIN, **changes):
    """Goes to the other site, and comes back with a code."""
    away = client.post(address)
    assert away.status_code == 302
    asked = {name: values[0] for name, values in parse_qs(urlsplit(away.url).query).items()}
    return client.get(BACK, {"code": "a-code", "state": asked["state"]} | changes)


def test_somebody_new_gets_an_account(client, site):
    come_back(client)
    assert is_signed_in(client)
    user = User.objects.get()
    assert user.email == "ada@example.net"
    assert user.emailaddress_set.get().verified
    assert not user.has_usable_password()
    assert "code_verifier" in site.asked[0]
    assert not SocialToken.objects.exists()


def test_a_proven_address_signs_in_to_the_account_that_has_it(client, site):
    member = make_user(email="ada@example.net")
    come_back(client)
    assert client.session["_auth_user_id"] == str(member.pk)
    assert SocialAccount.objects.get().user == member


@pytest.mark.parametrize("said", [False, None])
def test_an_unproven_address_signs_in_to_nothing(client, site, said):
    make_user(email="ada@example.net")
    site.person = site.person | {"email_verified": said}
    come_back(client)
    assert not is_signed_in(client)
    assert not SocialAccount.objects.exists()


def test_whoever_squats_on_an_address_is_left_with_nothing(client, site):
    actions.register(email="ada@example.net", password="squatters-own")
    come_back(client)  # leads to the mail that confirms the address, then in
    assert not User.objects.get().check_password("squatters-own")
    assert APIKey.objects.get().revoked_at is not None


def test_the_second_step_is_asked_here_too(client, site):
    give_app(make_user(email="ada@example.net"))
    assert come_back(client).url == "/accounts/2fa/authenticate/"
    assert not is_signed_in(client)


def test_an_answer_that_nobody_asked_for_is_refused(client, site):
    client.get(BACK, {"code": "a-code", "state": "made-up"})
    assert not is_signed_in(client)
    come_back(client, state="another")
    assert not is_signed_in(client)
    stranger = Client()
    away = stranger.post(LOGIN)
    state = parse_qs(urlsplit(away.url).query)["state"][0]
    client.get(BACK, {"code": "a-code", "state": state})
    assert not is_signed_in(client)


def test_an_answer_is_taken_once(client, site):
    away = client.post(LOGIN)
    state = parse_qs(urlsplit(away.url).query)["state"][0]
    client.get(BACK, {"code": "a-code", "state": state})
    client.post("/accounts/logout/")
    client.get(BACK, {"code": "a-code", "state": state})
    assert not is_signed_in(client)


@pytest.mark.parametrize("wrong", [{"aud": "somebody-else"}, {"iss": "https://evil.example.net"}, {"exp": 1}])
def test_a_token_that_is_not_for_us_is_refused(client, site, wrong):
    site.wrong = wrong
    come_back(client)
    assert not is_signed_in(client)


def test_a_link_alone_does_not_lead_to_the_other_site(client, site):
    assert client.get(LOGIN).status_code == 200


def test_a_member_connects_and_disconnects(client, member, site):
    confirm(client, member)
    come_back(client, address=f"{LOGIN}?process=connect")
    account = SocialAccount.objects.get(user=member)
    assert "Other" in client.get("/accounts/3rdparty/").content.decode()
    client.post("/accounts/3rdparty/", {"account": account.pk})
    assert not SocialAccount.objects.exists()


def test_connecting_does_not_take_an_account_over(client, member, site):
    come_back(Client())
    confirm(client, member)
    come_back(client, address=f"{LOGIN}?process=connect")
    assert SocialAccount.objects.get().user != member


@pytest.mark.parametrize("page", ["google/login/", "apple/login/", "oidc/other/login/", "google/login/callback/"])
def test_what_is_not_set_up_is_off_and_says_so(client, page):
    for method in (client.get, client.post):
        answer = method(f"/accounts/{page}")
        assert answer.status_code == 404
    if "oidc" not in page:
        assert "not set up here" in answer.content.decode()


def test_the_sign_in_page_shows_what_is_set_up(client, settings, site):
    assert "Sign in with Other" in client.get("/accounts/login/").content.decode()
    settings.SOCIALACCOUNT_PROVIDERS = {}
    assert "Sign in with Other" not in client.get("/accounts/login/").content.decode()


def test_sites_are_set_up_by_settings():
    env = Environment(
        google_client_id="g", google_client_secret="s", apple_client_id="a", apple_team_id="t", apple_key_id="k",
        apple_private_key="p", oidc_address="https://login.example.com/x", oidc_name="Club", oidc_client_id="c",
        oidc_client_secret="s",
    )  # fmt: skip
    sites, pages = other_sites(env)
    assert set(sites) == {"google", "apple", "openid_connect"}
    assert pages == ["https://accounts.google.com", "https://appleid.apple.com", "https://login.example.com"]
    assert other_sites(Environment()) == ({}, [])


HALF = {"oidc_name": "n", "oidc_client_id": "c", "oidc_client_secret": "s"}


@pytest.mark.parametrize(
    "given",
    [
        {"google_client_id": "g"},
        {"apple_client_id": "a"},
        {"oidc_address": "https://x"},
        HALF | {"oidc_address": "http://x"},
    ],
)
def test_a_site_set_up_by_half_stops_the_start(given):
    with pytest.raises(SettingsError):
        other_sites(Environment(**given))
