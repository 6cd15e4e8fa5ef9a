"""Changing the e-mail address: both addresses agree, links work once, and the old one is told."""

import re

import pytest
from django.core import signing

from apps.accounts.models import User
from tests.factories import make_user
from tests.signing_in import confirm

pytestmark = pytest.mark.django_db
PAGE = "/accounts/email/"


def path_in(mail, part="/accounts/") -> str:
    return re.search(rf"https?://[^/\s]+({part}\S+)", mail.body)[1]


@pytest.fixture
def browser(client, member):
    return confirm(client, member)


def ask(browser, member, mailoutbox) -> str:
    """Adds and confirms new@example.com, asks for it to be primary; the link that went to the old address."""
    browser.post(PAGE, {"email": "new@example.com", "action_add": ""})
    browser.post(path_in(mailoutbox[-1]))
    browser.post(PAGE, {"email": "new@example.com", "action_primary": ""})
    assert mailoutbox[-1].to == [member.email]
    return path_in(mailoutbox[-1], "/accounts/email/agree/")


def address_of(member) -> str:
    return User.objects.get(pk=member.pk).email


def test_both_addresses_agree(browser, member, mailoutbox):
    old = member.email
    link = ask(browser, member, mailoutbox)
    assert address_of(member) == old
    browser.get(link)
    assert address_of(member) == old
    browser.post(link)
    assert address_of(member) == "new@example.com"
    assert (mailoutbox[-1].to, mailoutbox[-1].subject) == ([old], "Your address was changed")
    assert browser.post(link).status_code == 400


def test_an_unconfirmed_address_cannot_take_over(browser, member, mailoutbox):
    browser.post(PAGE, {"email": "new@example.com", "action_add": ""})
    mailoutbox.clear()
    browser.post(PAGE, {"email": "new@example.com", "action_primary": ""})
    assert mailoutbox == []
    assert not member.emailaddress_set.get(email="new@example.com").primary


def test_a_new_password_ends_the_link(browser, member, mailoutbox):
    link = ask(browser, member, mailoutbox)
    member.set_password("engine-no-9")
    member.save()
    browser.force_login(member)
    assert browser.post(link).status_code == 400
    assert address_of(member) == member.email


def test_a_forged_link_changes_nothing(client, member):
    keys = ["x", "a:b:c", signing.dumps(["x"], salt="accounts.email-change"), signing.dumps("x")]
    assert [client.post(f"/accounts/email/agree/{key}/").status_code for key in keys] == [400] * 4


def test_the_link_is_old_after_a_day(browser, member, mailoutbox, monkeypatch):
    link = ask(browser, member, mailoutbox)
    real = signing.time.time
    monkeypatch.setattr(signing.time, "time", lambda: real() + 24 * 60 * 60 + 5)
    browser.force_login(member)
    assert browser.post(link).status_code == 400


@pytest.mark.parametrize("action", ["action_add", "action_primary", "action_remove"])
def test_changes_need_the_password_once_more(client, member, action):
    client.force_login(member)
    answer = client.post(PAGE, {"email": member.email if action != "action_add" else "new@example.com", action: ""})
    assert answer.status_code == 302
    assert "/reauthenticate/" in answer.url or action == "action_primary"
    assert not member.emailaddress_set.filter(email="new@example.com").exists()


@pytest.mark.parametrize(
    "email", ["a@example.com\nBcc: b@example.com", "a@example.com\r\nX: y", "a@example.com, b@example.com"]
)
def test_headers_cannot_be_written_into_mail(browser, mailoutbox, email):
    browser.post(PAGE, {"email": email, "action_add": ""})
    assert mailoutbox == []


def test_an_address_of_somebody_else_tells_nothing(browser, mailoutbox):
    other = make_user()
    taken = browser.post(PAGE, {"email": other.email, "action_add": ""})
    free = browser.post(PAGE, {"email": "free@example.com", "action_add": ""})
    assert (taken.status_code, getattr(taken, "url", "")) == (free.status_code, getattr(free, "url", ""))


def test_a_sole_confirmed_address_is_offered_nothing_that_leads_nowhere(browser):
    page = browser.get(PAGE).content.decode()
    assert "action_primary" not in page
    assert "action_send" not in page
    assert "action_remove" not in page
    browser.post(PAGE, {"email": "new@example.com", "action_add": ""})
    page = browser.get(PAGE).content.decode()
    assert "action_primary" in page
    assert "action_send" in page
    assert "action_remove" in page
