"""What members agree to: asked at sign-up and again when a text changes, recorded for good, taken back at any time."""

from __future__ import annotations

import dataclasses

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction
from rest_framework.test import APIClient

from apps.accounts import tokens
from apps.accounts.consent import actions, queries, texts
from apps.accounts.consent.models import Consent, Where
from apps.accounts.consent.texts import TEXTS, Purpose
from apps.accounts.models import User
from apps.notifications.actions import stop_mail
from apps.notifications.models import Notification
from tests.accounts.conftest import PASSWORD
from tests.factories import make_user

pytestmark = pytest.mark.django_db
NEW = {"email": "ada@example.com", "password1": "engine-no-1", "password2": "engine-no-1"}


@pytest.fixture
def new_terms(monkeypatch):
    """The terms have a new version."""

    def change(purpose: Purpose = Purpose.TERMS) -> None:
        changed = dataclasses.replace(TEXTS[purpose], versions=(*TEXTS[purpose].versions, "2027-01-01"))
        monkeypatch.setitem(TEXTS, purpose, changed)

    return change


def sign_in(client, member):
    return client.post("/accounts/login/", {"login": member.email, "password": PASSWORD})


def said(member) -> dict[str, bool]:
    return {one.text.purpose.value: one.holds for one in queries.standings(member_id=member.pk)}


def test_no_account_without_agreeing_and_nothing_is_ticked_beforehand(client):
    assert b"checked" not in client.get("/accounts/signup/").content
    refused = client.post("/accounts/signup/", NEW)
    assert "Tick the box if you agree." in refused.content.decode()
    assert not User.objects.exists()


def test_what_is_agreed_at_sign_up_is_written_down_and_what_is_not_is_not(client):
    client.post("/accounts/signup/", NEW | {"terms": "on", "notice": "on", "photos": "on"})
    member = User.objects.get()
    assert said(member) == {"terms": True, "notice": True, "photos": True, "news": False}
    assert set(member.consents.values_list("version", "where")) == {("2026-11-01", "sign-up")}


def test_the_record_can_be_neither_changed_nor_removed(member):
    for change in (lambda rows: rows.update(given=False), lambda rows: rows.delete()):
        with pytest.raises(DatabaseError, match="append only"), transaction.atomic():
            change(Consent.objects.filter(member=member))


def test_a_member_who_agreed_goes_on_without_being_asked(client, member):
    sign_in(client, member)
    assert client.get("/me/addresses/").status_code == 200


def test_a_new_version_is_asked_of_an_open_session_before_its_next_page(client, member, new_terms):
    sign_in(client, member)
    assert client.get("/me/addresses/").status_code == 200
    new_terms()
    asked = client.get("/me/addresses/")
    assert asked.url == "/me/agree/?next=/me/addresses/"
    assert b"has changed" in client.get(asked.url).content
    refused = client.post(asked.url, {"next": "/me/addresses/"})
    assert b"Tick the box if you agree." in refused.content
    done = client.post(asked.url, {"terms": "on", "terms_version": "2027-01-01", "next": "/me/addresses/"})
    assert done.url == "/me/addresses/"
    assert client.get(done.url).status_code == 200
    latest = member.consents.order_by("-created_at").first()
    assert (latest.version, latest.where) == ("2027-01-01", Where.ASKED_AGAIN)


def test_until_then_data_can_be_taken_along_and_texts_read(client, member, new_terms):
    sign_in(client, member)
    new_terms()
    assert "agree" not in client.get("/me/data/").get("Location", "")
    assert client.get("/legal/terms/2026-11-01/").status_code == 200
    for part_of_the_app in ("/sw.js", "/manifest.webmanifest"):  # a browser takes no worker from behind a redirect
        assert client.get(part_of_the_app).status_code == 200
    # What waits on a device is thrown away when the member is found to be signed out, which a redirect means.
    asked = client.get("/offline/self.json", headers={"Accept": "application/json"})
    assert asked.json()["member"] == str(member.pk)
    assert client.post("/accounts/logout/").status_code == 302


def test_a_wording_that_was_not_read_is_not_agreed_to(client, member, new_terms):
    client.force_login(member)
    new_terms()
    client.post("/me/agree/", {"terms": "on", "terms_version": "2026-11-01"})
    assert not said(member)["terms"]


def test_asking_leads_nowhere_else(client, member):
    client.force_login(member)
    assert client.get("/me/agree/?next=https://evil.example.net/").url == "/"


def test_what_is_optional_is_given_and_taken_back_in_the_settings(client, member):
    client.force_login(member)
    client.post("/me/privacy/", {"photos": "on"})
    assert said(member)["photos"]
    assert b"Photos that improve recognition" in client.get("/me/privacy/").content
    client.post("/me/privacy/", {"photos": "on"})
    client.post("/me/privacy/", {})
    assert not said(member)["photos"]
    answers = member.consents.filter(purpose="photos").order_by("created_at")
    assert [one.given for one in answers] == [True, False]


def test_a_changed_optional_text_holds_for_nobody_until_it_is_agreed_to_anew(member, new_terms):
    actions.answer(member=member, answers={"photos": True}, where=Where.SETTINGS)
    assert member in queries.members_who_agree(Purpose.PHOTOS)
    new_terms(Purpose.PHOTOS)
    assert member not in queries.members_who_agree(Purpose.PHOTOS)
    assert queries.to_be_asked(member_id=member.pk) == [], "nobody is stopped for what is optional"


def test_programs_see_and_change_it_but_keys_do_not(member, with_key):
    api = APIClient(headers={"Authorization": f"Bearer {tokens.open_sign_in(member).access}"})
    given = api.post("/api/v1/me/consents", {"purpose": "news", "version": "2026-11-01", "given": True})
    assert {one["purpose"]: one["given"] for one in given.json()["consents"]}["news"]
    assert given.json()["history"][0]["where"] == "api"
    assert api.post("/api/v1/me/consents", {"purpose": "news", "version": "1", "given": True}).status_code == 409
    refused = api.post("/api/v1/me/consents", {"purpose": "terms", "version": "2026-11-01", "given": False})
    assert refused.json()["error"]["code"] == "REQUIRED_FOR_ACCOUNT"
    assert api.post("/api/v1/me/consents", {"purpose": "soul", "version": "1", "given": True}).status_code == 400
    assert with_key(member).get("/api/v1/me/consents").status_code == 403


def test_registering_by_program_takes_answers_along(api):
    fields = {"email": "grace@example.com", "password": "engine-no-1", "agreed": ["terms", "notice"]}
    assert api.post("/api/v1/auth/register", fields).status_code == 201
    assert said(User.objects.get()) == {"terms": True, "notice": True, "photos": False, "news": False}


def test_news_go_to_those_alone_who_want_them_and_a_mails_link_takes_that_back(member, monkeypatch, capsys):
    import io

    make_user()
    actions.answer(member=member, answers={"news": True}, where=Where.SETTINGS)
    for _ in range(2):
        monkeypatch.setattr("sys.stdin", io.StringIO("Swaps of three."))
        call_command("send_news", name="june", title="Something new", path="/search/")
    assert Notification.objects.get(kind="news").owner == member
    stop_mail(owner=member, kind="news")
    assert not said(member)["news"]
    monkeypatch.setattr("sys.stdin", io.StringIO("More."))
    call_command("send_news", name="july", title="More", path="/search/")
    assert capsys.readouterr().out.splitlines() == ["1 members told", "0 members told", "0 members told"]


def test_every_version_of_a_required_text_can_be_read(client):
    for text in TEXTS.values():
        for version in text.versions if text.is_required else ():
            assert client.get(f"/legal/{text.purpose}/{version}/").status_code == 200
    assert client.get("/legal/terms/1999-01-01/").status_code == 404
    assert client.get("/legal/news/").status_code == 404
    assert texts.in_force().startswith("terms:")
