"""Where one is signed in: the list, ending one or all, notices of new devices, and that nobody locks others out."""

import pytest
from allauth.core import context
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.adapter import AccountAdapter
from apps.accounts.models import SignIn
from apps.accounts.sessions.device import described, network_of
from apps.core.models import OutboxEvent
from apps.notifications.mail.sending import send_due as send_mail
from apps.notifications.models import Notification
from apps.privacy.retention import forget
from tests.accounts.conftest import PASSWORD
from tests.factories import make_user
from tests.signing_in import confirm

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0"
CHROME = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36"


def sign_in(user, *, password=PASSWORD, client=None, address="198.51.100.7", agent=FIREFOX) -> Client:
    browser = client or Client()
    browser.defaults |= {"REMOTE_ADDR": address, "HTTP_USER_AGENT": agent}
    browser.post("/accounts/login/", {"login": user.email, "password": password})
    return browser


def is_in(browser) -> bool:
    return browser.get("/me/").status_code == 200


@pytest.mark.django_db
def test_devices_are_told_apart_without_their_whole_address(member):
    here = sign_in(member)
    sign_in(member, address="203.0.113.99", agent=CHROME)
    page = here.get("/me/sessions/").content.decode()
    assert "Firefox on Windows" in page
    assert "Chrome on Android" in page
    assert "203.0.113.0" in page
    assert "203.0.113.99" not in page
    assert "203.0.113.99" not in {row.ip for row in UserSession.objects.all()}
    assert page.count("This one") == 1


@pytest.mark.django_db
def test_one_session_is_ended_at_once(member):
    here, there = sign_in(member), sign_in(member, agent=CHROME)
    other = UserSession.objects.get(session_key=there.session.session_key)
    assert here.post(f"/me/sessions/{other.pk}/end/").url == "/me/sessions/"
    assert is_in(here)
    assert not is_in(there)


@pytest.mark.django_db
def test_everything_else_is_ended_programs_too(api, member):
    here, there = sign_in(member), sign_in(member, agent=CHROME)
    token = api.post("/api/v1/auth/login", {"email": member.email, "password": PASSWORD}).json()["access_token"]
    here.post("/me/sessions/others/end/")
    assert is_in(here)
    assert not is_in(there)
    assert api.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401


@pytest.mark.django_db
def test_somebody_elses_session_is_not_there(member, signed_in):
    theirs = sign_in(make_user())
    row = UserSession.objects.get(session_key=theirs.session.session_key)
    mine = sign_in(member)
    assert mine.post(f"/me/sessions/{row.pk}/end/").status_code == 404
    program = SignIn.objects.create(user=row.user, refresh_id="x", stamp="x", expires_at="2030-01-01T00:00Z")
    assert mine.post(f"/me/programs/{program.pk}/end/").status_code == 404
    assert signed_in(member).delete(f"/api/v1/sessions/{row.pk}").status_code == 404
    assert signed_in(member).delete(f"/api/v1/sessions/programs/{program.pk}").status_code == 404
    assert is_in(theirs)


@pytest.mark.django_db
def test_a_new_password_ends_every_other_session(member):
    here, there = confirm(Client(), member), sign_in(member)
    form = {"oldpassword": PASSWORD, "password1": "engine-no-2", "password2": "engine-no-2"}
    assert here.post("/accounts/password/change/", form).status_code == 302
    assert is_in(here)
    assert not is_in(there)
    assert UserSession.objects.filter(user=member).count() == 1


@pytest.mark.django_db
def test_what_has_expired_is_forgotten(member):
    here, there = sign_in(member), sign_in(member, agent=CHROME)
    Session.objects.filter(session_key=there.session.session_key).update(expire_date="2020-01-01T00:00Z")
    forget(tables=("sessions.Session", "usersessions.UserSession"))
    assert UserSession.objects.count() == 1
    assert is_in(here)


@pytest.mark.django_db
def test_a_program_sees_and_ends_sessions(member, signed_in, with_key):
    there = sign_in(member)
    program = signed_in(member)
    body = program.get("/api/v1/sessions").json()
    assert [device["name"] for device in body["devices"]] == ["Firefox on Windows"]
    assert len(body["programs"]) == 1
    assert program.delete(f"/api/v1/sessions/{body['devices'][0]['id']}").status_code == 204
    assert not is_in(there)
    assert with_key(member).get("/api/v1/sessions").status_code == 403


@pytest.mark.django_db
def test_the_list_asks_the_database_little_however_long_it_is(member, django_assert_max_num_queries):
    here = sign_in(member)
    for number in range(5):
        sign_in(member, address=f"198.51.{number}.1")
    with django_assert_max_num_queries(5):
        assert here.get("/me/sessions/").status_code == 200


@pytest.mark.django_db
def test_the_owner_hears_of_a_new_device_once(member, mailoutbox, relay):
    browser = sign_in(member)
    relay()
    send_mail()
    (mail,) = mailoutbox
    assert "New sign-in" in mail.subject
    assert "Firefox on Windows" in mail.body
    assert "198.51.100.7" not in mail.body
    browser.post("/accounts/logout/")
    sign_in(member, client=browser)
    relay()
    send_mail()
    assert is_in(browser)
    assert len(mailoutbox) == 1


@pytest.mark.django_db
def test_a_change_of_what_protects_the_account_is_told_by_one_mail_and_one_line_of_the_centre(
    member, mailoutbox, relay
):
    here = confirm(Client(), member)
    form = {"oldpassword": PASSWORD, "password1": "engine-no-2", "password2": "engine-no-2"}
    here.post("/accounts/password/change/", form)
    here.post("/accounts/2fa/recovery-codes/generate/", {})
    relay()
    send_mail()
    told = Notification.objects.filter(owner=member).values_list("title", flat=True)
    assert list(told) == ["Your account: the password was changed"]
    assert [mail.to for mail in mailoutbox] == [[member.email]]


@pytest.mark.django_db
def test_an_address_that_is_the_accounts_no_more_gets_a_mail_of_its_own(member, mailoutbox, relay, rf):
    request = rf.get("/")
    with context.request_context(request):
        AccountAdapter(request).send_notification_mail(
            "account/email/email_changed", member, {"from_email": "old@example.com", "to_email": member.email},
            email="old@example.com",
        )  # fmt: skip
    relay()
    send_mail()
    assert sorted(mail.to[0] for mail in mailoutbox) == sorted(["old@example.com", member.email])


@pytest.mark.django_db
def test_a_device_is_not_known_by_a_cookie_of_ones_own_making(member, relay, mailoutbox):
    browser = Client()
    sign_in(make_user(), client=browser)
    browser.post("/accounts/logout/")
    browser.cookies["device"] = browser.cookies["device"].value.replace(".", "0", 1)
    sign_in(member, client=browser)
    relay()
    send_mail()
    assert [member.email] in [mail.to for mail in mailoutbox]


@pytest.mark.django_db
def test_a_change_of_password_is_stated_as_a_fact(member):
    here = confirm(Client(), member)
    form = {"oldpassword": PASSWORD, "password1": "engine-no-2", "password2": "engine-no-2"}
    here.post("/accounts/password/change/", form)
    assert OutboxEvent.objects.get(topic="account.security_changed").payload["what"] == "password_changed"


@pytest.mark.django_db
def test_nobody_locks_a_member_out_by_being_wrong_for_them(member, settings):
    settings.SIGN_IN_TRIES_OF_STRANGERS = 12
    mine = sign_in(member)
    mine.post("/accounts/logout/")
    for number in range(20):
        sign_in(member, password="wrong", address=f"203.0.{number}.5")
    sign_in(member, client=mine)
    assert is_in(mine)
    assert not is_in(sign_in(member, address="203.0.200.5"))  # a device that nobody knows waits


@pytest.mark.django_db
def test_being_wrong_from_one_network_stops_that_network_alone(member):
    for _ in range(6):
        sign_in(member, password="wrong", address="203.0.113.5")
    assert not is_in(sign_in(member, address="203.0.113.77"))
    assert is_in(sign_in(member, address="192.0.2.1"))


@pytest.mark.django_db
def test_programs_lock_nobody_out_either(api, member):
    def login(address, password):
        return api.post("/api/v1/auth/login", {"email": member.email, "password": password}, REMOTE_ADDR=address)

    for _ in range(11):
        login("203.0.113.5", "wrong")
    assert login("203.0.113.6", PASSWORD).status_code == 429
    assert login("192.0.2.1", PASSWORD).status_code == 200


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        (CHROME, "Chrome on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Mobile Safari/604.1", "Safari on iOS"),
        ("curl/8.0", "An unknown device"),
        ("", "An unknown device"),
    ],
)
def test_browsers_are_called_by_their_names(agent, words):
    assert described(agent) == words


@given(st.ip_addresses())
def test_a_network_names_no_household(address):
    network = network_of(str(address))
    assert network_of(network) == network
    assert network.endswith(".0" if address.version == 4 else ":")
