"""Signing up, verifying, signing in and resetting the password in the browser."""

import re

import pytest

from apps.accounts import actions
from apps.accounts.models import APIKey, User
from tests.accounts.conftest import PASSWORD
from tests.factories import make_user

pytestmark = pytest.mark.django_db
NEW = {
    "email": "ada@example.com",
    "password1": "engine-no-1",
    "password2": "engine-no-1",
    "terms": "on",
    "notice": "on",
}


def link_in(mail) -> str:
    return re.search(r"https?://[^/]+(/accounts/\S+)", mail.body)[1]


def sign_in(client, email, password=PASSWORD):
    return client.post("/accounts/login/", {"login": email, "password": password})


def is_signed_in(client) -> bool:
    return "_auth_user_id" in client.session


def test_from_sign_up_to_signed_in(client, mailoutbox):
    answer = client.post("/accounts/signup/", NEW)
    assert (answer.status_code, answer.url) == (302, "/accounts/confirm-email/")
    assert not is_signed_in(client)

    link = link_in(mailoutbox[0])
    assert client.get(link).status_code == 200
    assert not is_signed_in(client)  # a mail program that looks at links confirms nothing
    assert client.post(link).status_code == 302
    assert is_signed_in(client)
    assert User.objects.get().emailaddress_set.get().verified


def test_an_unverified_member_cannot_sign_in_and_gets_the_mail_again(client, mailoutbox):
    user = make_user()
    user.emailaddress_set.update(verified=False)
    answer = sign_in(client, user.email)
    assert answer.url == "/accounts/confirm-email/"
    assert not is_signed_in(client)
    assert mailoutbox[0].to == [user.email]


def test_signing_in_and_out(client, member):
    assert sign_in(client, member.email).url == "/"
    assert is_signed_in(client)
    client.post("/accounts/logout/")
    assert not is_signed_in(client)


def test_signing_in_leads_back_to_where_one_was_going(client, member):
    asked = client.get("/me/addresses/")
    assert asked.url == "/accounts/login/?next=/me/addresses/"
    answer = client.post(asked.url, {"login": member.email, "password": PASSWORD, "next": "/me/addresses/"})
    assert answer.url == "/me/addresses/"


def test_signing_in_does_not_lead_away(client, member):
    answer = client.post(
        "/accounts/login/", {"login": member.email, "password": PASSWORD, "next": "https://evil.example.net/"}
    )
    assert answer.url == "/"


def test_signing_up_with_a_known_address_looks_like_any_other(client, member, mailoutbox):
    known = client.post("/accounts/signup/", NEW | {"email": member.email})
    assert (known.status_code, known.url) == (302, "/accounts/confirm-email/")
    assert User.objects.count() == 1
    assert "It has one." in mailoutbox[0].body


def test_asking_for_an_unknown_address_looks_like_any_other(client, member, mailoutbox):
    answers = [client.post("/accounts/password/reset/", {"email": email}) for email in (member.email, "x@example.com")]
    assert {(answer.status_code, answer.url) for answer in answers} == {(302, "/accounts/password/reset/done/")}
    assert len(mailoutbox) == 2


def reset(client, mail, password="new-engine-2"):
    to_form = client.get(link_in(mail)).url
    return client.post(to_form, {"password1": password, "password2": password})


def test_a_forgotten_password_is_replaced_and_every_session_ends(client, member, mailoutbox):
    from django.test import Client

    elsewhere = Client()
    elsewhere.force_login(member)
    client.post("/accounts/password/reset/", {"email": member.email})
    assert reset(client, mailoutbox[0]).url == "/accounts/password/reset/key/done/"
    assert sign_in(client, member.email, "new-engine-2").url == "/"
    assert elsewhere.get("/me/").status_code == 302


def test_a_reset_link_works_once(client, member, mailoutbox):
    client.post("/accounts/password/reset/", {"email": member.email})
    reset(client, mailoutbox[0])
    assert client.get(link_in(mailoutbox[0])).status_code == 200
    assert b"password1" not in client.get(link_in(mailoutbox[0])).content


def test_whoever_registered_somebody_elses_address_is_left_with_nothing(client, mailoutbox):
    made = actions.register(email="ada@example.com", password="squatters-own")
    client.post("/accounts/password/reset/", {"email": "ada@example.com"})
    reset(client, mailoutbox[-1])
    made.user.emailaddress_set.update(verified=True)
    assert APIKey.objects.get().revoked_at is not None
    assert not User.objects.get().check_password("squatters-own")


def test_keys_of_a_verified_member_outlive_a_new_password(client, member, mailoutbox):
    key, _secret = actions.create_api_key(user=member, name="x", scopes=["read"], by=member)
    client.post("/accounts/password/reset/", {"email": member.email})
    reset(client, mailoutbox[0])
    key.refresh_from_db()
    assert key.revoked_at is None


def test_guessing_a_password_is_stopped(client, member):
    for _ in range(5):
        sign_in(client, member.email, "wrong")
    sign_in(client, member.email)
    assert not is_signed_in(client)


def test_mails_lead_to_the_sites_own_address(client, member, mailoutbox, settings):
    settings.ALLOWED_HOSTS = ["*"]
    settings.SITE_URL = "https://cards.example.com"
    evil = {"headers": {"Host": "evil.example.net"}}
    client.post("/accounts/signup/", NEW, **evil)
    client.post("/accounts/signup/", NEW | {"email": member.email}, **evil)
    client.post("/accounts/password/reset/", {"email": member.email}, **evil)
    client.post("/accounts/password/reset/", {"email": "nobody@example.com"}, **evil)
    assert len(mailoutbox) == 4
    for mail in mailoutbox:
        written = mail.subject + mail.body + "".join(str(each[0]) for each in mail.alternatives)
        assert "evil" not in written
        assert "https://cards.example.com" in written


@pytest.mark.parametrize(
    "page", ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/accounts/confirm-email/"]
)
def test_entrance_pages_are_open_and_quick(client, page, django_assert_max_num_queries):
    with django_assert_max_num_queries(1):
        assert client.get(page).status_code == 200
