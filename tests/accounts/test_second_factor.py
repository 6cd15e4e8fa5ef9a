"""Two-step sign-in: app, recovery codes, that codes are used up, that staff must have it, and that programs cannot pass by."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.test import Client

from apps.accounts import second_factor
from apps.accounts.forms import PasskeyForm
from apps.accounts.models import Role
from apps.core.models import OutboxEvent
from tests.accounts.conftest import PASSWORD
from tests.factories import make_user
from tests.signing_in import SECRET, code_of_app, confirm, give_app

pytestmark = pytest.mark.django_db
LOGIN, SECOND = "/accounts/login/", "/accounts/2fa/authenticate/"


@pytest.fixture(autouse=True)
def _the_clock_stands(monkeypatch):
    """A half minute must not end between showing a code and entering it."""
    monkeypatch.setattr("time.time", lambda now=1_800_000_010.0: now)


def is_signed_in(client) -> bool:
    return "_auth_user_id" in client.session


def first_step(client, user):
    return client.post(LOGIN, {"login": user.email, "password": PASSWORD})


def test_an_app_is_set_up_by_a_code_and_gives_recovery_codes(client, member, django_capture_on_commit_callbacks):
    confirm(client, member)
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    secret = re.search(r'id="authenticator_secret" type="text" value="([A-Z2-7=]+)"', page)[1]
    wrong = client.post("/accounts/2fa/totp/activate/", {"code": "000000"})
    assert "Incorrect code" in wrong.content.decode()
    code = totp.format_hotp_value(totp.hotp_value(secret, 1_800_000_010 // 30))
    with django_capture_on_commit_callbacks(execute=True):
        done = client.post("/accounts/2fa/totp/activate/", {"code": code})
    assert done.url == "/accounts/2fa/recovery-codes/"
    assert set(Authenticator.objects.values_list("type", flat=True)) == {"totp", "recovery_codes"}
    assert OutboxEvent.objects.filter(topic="account.security_changed").latest("sequence").payload["what"]
    page = client.get("/accounts/2fa/recovery-codes/").content.decode()
    assert len(re.findall(r"<code>\d{10}</code>", page)) == 10


def test_secrets_lie_encrypted(member):
    stored = give_app(member).data["secret"]
    assert SECRET not in stored
    assert second_factor.SecondFactorAdapter().decrypt(stored) == SECRET


def test_changes_need_the_password_once_more(client, member):
    client.force_login(member)
    give_app(member)
    RecoveryCodes.activate(member)
    for page in ("totp/deactivate", "webauthn/add", "recovery-codes/generate"):
        assert "/reauthenticate/" in client.post(f"/accounts/2fa/{page}/").url
    for page in ("recovery-codes", "recovery-codes/download"):
        assert "/reauthenticate/" in client.get(f"/accounts/2fa/{page}/").url
    assert Authenticator.objects.filter(user=member).exists()


def test_the_password_alone_is_not_enough(client, member):
    give_app(member)
    assert first_step(client, member).url == SECOND
    assert not is_signed_in(client)
    assert client.get("/me/").status_code == 302
    assert client.post(SECOND, {"code": "000000"}).status_code == 200
    assert not is_signed_in(client)
    assert client.post(SECOND, {"code": code_of_app()}).url == "/"
    assert is_signed_in(client)


def test_a_code_is_taken_once(client, member):
    give_app(member)
    first_step(client, member)
    client.post(SECOND, {"code": code_of_app()})
    other = Client()
    first_step(other, member)
    other.post(SECOND, {"code": code_of_app()})
    assert is_signed_in(client)
    assert not is_signed_in(other)


@pytest.mark.parametrize("steps", [-2, -1, 1, 2])
def test_codes_of_other_half_minutes_are_refused(client, member, steps):
    give_app(member)
    first_step(client, member)
    client.post(SECOND, {"code": code_of_app(steps)})
    assert not is_signed_in(client)


def test_a_recovery_code_is_taken_once(client, member):
    give_app(member)
    code = RecoveryCodes.activate(member).get_unused_codes()[0]
    for expected in (True, False):
        browser = Client()
        first_step(browser, member)
        browser.post(SECOND, {"code": code})
        assert is_signed_in(browser) is expected


def test_guessing_codes_is_stopped(client, member):
    give_app(member)
    first_step(client, member)
    for number in range(6):
        client.post(SECOND, {"code": f"00000{number}"})
    client.post(SECOND, {"code": code_of_app()})
    assert not is_signed_in(client)


def login(api, user, **more):
    return api.post("/api/v1/auth/login", {"email": user.email, "password": PASSWORD, **more})


def test_a_program_needs_the_code_too(api, member):
    give_app(member)
    asked = login(api, member)
    assert (asked.status_code, asked.json()["error"]["code"]) == (401, "CODE_NEEDED")
    assert login(api, member, code="000000").json()["error"]["code"] == "BAD_CREDENTIALS"
    assert login(api, member, code=code_of_app()).status_code == 200
    assert login(api, member, code=code_of_app()).status_code == 401


def test_a_wrong_password_is_not_told_that_there_is_a_code(api, member):
    give_app(member)
    answer = login(api, member, password="wrong")
    assert answer.json()["error"]["code"] == "BAD_CREDENTIALS"


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.ADMIN])
def test_staff_without_a_second_step_may_do_nothing(client, api, settings, with_key, role):
    settings.STAFF_SECOND_FACTOR = True
    staff = make_user(role=role)
    client.force_login(staff)
    for page in ("/admin/", "/", "/me/"):
        assert client.get(page).url == "/accounts/2fa/"
    assert client.get("/accounts/2fa/").status_code == 200
    assert client.get("/api/v1/me").status_code == 403
    assert login(api, staff).json()["error"]["code"] == "SECOND_FACTOR_MISSING"
    assert with_key(staff, "read").get("/api/v1/me").status_code == 403
    give_app(staff)
    assert client.get("/admin/").status_code == 200
    assert with_key(staff, "read").get("/api/v1/me").status_code == 200


def test_members_are_free_to_do_without(client, member, settings):
    settings.STAFF_SECOND_FACTOR = True
    client.force_login(member)
    assert client.get("/me/").status_code == 200


def test_passkeys_are_for_the_sites_own_address(settings):
    settings.SITE_URL = "https://cards.example.com:8443"
    assert second_factor.SecondFactorAdapter().get_public_key_credential_rp_entity()["id"] == "cards.example.com"


@pytest.mark.parametrize(
    "answer", ["", "{}", "null", "[]", '{"id": "x"}', '{"response": {"userHandle": "eA"}}', "x" * 9000]
)
def test_a_forged_passkey_is_refused(client, member, answer):
    client.get("/accounts/2fa/webauthn/login/", headers={"Accept": "application/json"})
    response = client.post("/accounts/2fa/webauthn/login/", {"credential": answer})
    assert response.status_code < 500
    assert not is_signed_in(client)


@pytest.mark.parametrize("answer", ["null", "[]", '{"id": "x"}', '{"response": {"clientDataJSON": "eA"}}'])
def test_a_forged_passkey_is_not_added_and_the_page_says_so(client, member, answer):
    confirm(client, member)
    client.get("/accounts/2fa/webauthn/add/")
    page = client.post("/accounts/2fa/webauthn/add/", {"name": "x", "credential": answer}).content.decode()
    assert 'class="form-errors" role="alert"' in page
    assert not Authenticator.objects.exists()


def test_somebody_elses_passkey_cannot_be_renamed_or_removed(client, member):
    others = Authenticator.objects.create(user=make_user(), type="webauthn", data={"name": "x", "credential": {}})
    confirm(client, member)
    for step in ("edit", "remove"):
        assert client.post(f"/accounts/2fa/webauthn/keys/{others.pk}/{step}/", {"name": "mine"}).status_code == 404
    assert Authenticator.objects.filter(pk=others.pk).exists()


def test_the_second_step_offers_a_passkey_to_those_who_have_one(client, member):
    give_app(member)
    first_step(client, member)
    assert "Use a passkey" not in client.get(SECOND).content.decode()
    Authenticator.objects.create(user=member, type=Authenticator.Type.WEBAUTHN, data={"name": "Key", "credential": {}})
    assert PasskeyForm(user=member).is_possible()
