"""The account's pages: one's own data only, forms that keep what was typed, few queries."""

import re

import pytest
from django.utils import timezone

from apps.accounts import actions
from apps.accounts.models import Address, APIKey, User
from apps.core.errors import Conflict, NotYours
from tests.accounts.conftest import PASSWORD
from tests.factories import ADDRESS, make_user
from tests.signing_in import confirm

pytestmark = pytest.mark.django_db
FORM = ADDRESS | {"line2": "", "region": "IL"}


@pytest.fixture
def browser(client, member):
    return confirm(client, member)


def add(user, **fields) -> Address:
    return actions.save_address(user=user, by=user, **(ADDRESS | fields))


OWN_PAGES = ["/me/", "/me/addresses/", "/me/api-keys/"]


@pytest.mark.parametrize("page", OWN_PAGES)
def test_strangers_are_asked_to_sign_in(client, page):
    answer = client.get(page)
    assert (answer.status_code, answer.url) == (302, f"/accounts/login/?next={page}")


@pytest.mark.parametrize(("page", "queries"), [("/me/", 3), ("/me/addresses/", 4), ("/me/api-keys/", 4)])
def test_pages_ask_the_database_little_whatever_there_is(browser, member, page, queries, django_assert_max_num_queries):
    for number in range(5):
        add(member, name=f"Place {number}")
        actions.create_api_key(user=member, name=f"Key {number}", scopes=["read"], by=member)
    with django_assert_max_num_queries(queries):
        assert browser.get(page).status_code == 200


def test_the_profile_is_changed(browser, member):
    form = {"display_name": " Ada’s cards", "about": "Old sets.", "country": "GB", "first_name": "Ada", "last_name": ""}
    answer = browser.post("/me/", form | {"display_name": "Ada B."})
    assert (answer.status_code, answer.url) == (302, "/me/")
    member.refresh_from_db()
    assert (member.display_name, member.about, member.country, member.first_name) == (
        "Ada B.",
        "Old sets.",
        "GB",
        "Ada",
    )


@pytest.mark.parametrize("name", ["a", "x" * 41, "<script>", "ada@example.com", " -x-", "Taken Name", "TAKEN NAME"])
def test_names_that_cannot_be_used_come_back_as_typed(browser, member, name):
    make_user("Taken Name")
    answer = browser.post("/me/", {"display_name": name, "about": "kept", "country": "US"})
    assert answer.status_code == 422
    assert "kept" in answer.content.decode()
    before = member.display_name
    member.refresh_from_db()
    assert member.display_name == before


def test_a_name_taken_in_the_same_moment_is_a_conflict(member):
    make_user("Taken")
    with pytest.raises(Conflict):
        actions.change_profile(user=member, by=member, display_name="taken")


def test_nobody_changes_somebody_elses_profile(member, admin):
    with pytest.raises(NotYours):
        actions.change_profile(user=member, by=admin, about="x")


def test_the_profile_form_changes_neither_role_nor_address(browser, member):
    browser.post(
        "/me/", {"display_name": "", "country": "US", "role": "admin", "email": "x@example.com", "is_superuser": "1"}
    )
    changed = User.objects.get(pk=member.pk)
    assert (changed.role, changed.email, changed.is_superuser) == ("member", member.email, False)


def test_the_first_address_is_the_default_and_a_new_default_takes_over(member):
    first = add(member)
    second = add(member, name="Second")
    assert [first.is_default, second.is_default] == [True, False]
    actions.save_address(user=member, by=member, address=second, is_default=True)
    first.refresh_from_db()
    assert not first.is_default
    actions.remove_address(address=second, by=member)
    first.refresh_from_db()
    assert first.is_default


def test_unsetting_the_only_default_leaves_it_the_default(member):
    first = add(member)
    assert actions.save_address(user=member, by=member, address=first, is_default=False).is_default


def test_addresses_are_added_changed_and_removed(browser, member):
    assert browser.post("/me/addresses/", FORM).status_code == 302
    address = member.addresses.get()
    assert browser.post(f"/me/addresses/{address.pk}/", FORM | {"city": "Shelbyville"}).url == "/me/addresses/"
    address.refresh_from_db()
    assert address.city == "Shelbyville"
    browser.post(f"/me/addresses/{address.pk}/remove/")
    assert not member.addresses.exists()


def test_an_address_without_a_street_comes_back_with_the_rest_kept(browser):
    answer = browser.post("/me/addresses/", FORM | {"line1": ""})
    assert answer.status_code == 422
    assert "Springfield" in answer.content.decode()


def test_somebody_elses_address_is_not_there(browser):
    others = add(make_user())
    for path, method in [("", "get"), ("", "post"), ("remove/", "post")]:
        answer = getattr(browser, method)(f"/me/addresses/{others.pk}/{path}", FORM)
        assert answer.status_code == 404
    others.refresh_from_db()


def test_there_is_an_end_to_addresses(member):
    for _ in range(actions.MOST_ADDRESSES):
        add(member)
    with pytest.raises(Conflict):
        add(member)


def test_nobody_writes_into_somebody_elses_addresses(member, admin):
    others = add(make_user())
    with pytest.raises(NotYours):
        actions.save_address(user=member, by=admin, **ADDRESS)
    with pytest.raises(NotYours):
        actions.save_address(user=member, by=member, address=others, city="Elsewhere")
    with pytest.raises(NotYours):
        actions.remove_address(address=others, by=member)


def test_a_new_key_is_shown_once(browser, member):
    answer = browser.post("/me/api-keys/", {"name": "Shop", "scopes": ["read", "listings:write"], "days": "30"})
    secret = re.search(r'value="(tk_[0-9a-f]{40})"', answer.content.decode())[1]
    key = APIKey.objects.get()
    assert key.digest == APIKey.digest_of(secret)
    assert key.scopes == ["read", "listings:write"]
    assert key.expires_at is not None
    assert "no-store" in answer["Cache-Control"]
    again = browser.get("/me/api-keys/").content.decode()
    assert secret not in again
    assert key.prefix in again


def test_a_key_needs_the_password_once_more_and_is_then_made(client, member):
    client.force_login(member)
    asked = client.post("/me/api-keys/", {"name": "Shop", "scopes": ["read"]})
    assert asked.url == "/accounts/reauthenticate/?next=%2Fme%2Fapi-keys%2F"
    assert not APIKey.objects.exists()
    shown = client.post(asked.url, {"password": PASSWORD})
    assert re.search(r'value="tk_[0-9a-f]{40}"', shown.content.decode())


def test_a_key_is_replaced_and_the_old_one_goes_on_for_a_day(browser, member):
    old, _secret = actions.create_api_key(user=member, name="Shop", scopes=["read"], by=member)
    page = browser.post(f"/me/api-keys/{old.pk}/rotate/").content.decode()
    assert re.search(r'value="tk_[0-9a-f]{40}"', page)
    old.refresh_from_db()
    assert old.expires_at is not None
    assert old.state(at=timezone.now()) == "active"
    assert old.state(at=timezone.now() + actions.ROTATION_GRACE) == "expired"
    assert APIKey.objects.exclude(pk=old.pk).get().scopes == ["read"]


def test_an_ended_key_is_not_replaced(browser, member):
    key, _secret = actions.create_api_key(user=member, name="Shop", scopes=["read"], by=member)
    actions.revoke_api_key(key=key, by=member)
    assert browser.post(f"/me/api-keys/{key.pk}/rotate/").status_code == 409


def test_a_key_without_scopes_is_not_made(browser):
    assert browser.post("/me/api-keys/", {"name": "Shop"}).status_code == 422
    assert not APIKey.objects.exists()


def test_a_key_is_revoked_and_somebody_elses_is_not_there(browser, member):
    mine, _secret = actions.create_api_key(user=member, name="x", scopes=["read"], by=member)
    other = make_user()
    others, _secret = actions.create_api_key(user=other, name="x", scopes=["read"], by=other)
    assert browser.post(f"/me/api-keys/{mine.pk}/revoke/").status_code == 302
    assert browser.post(f"/me/api-keys/{others.pk}/revoke/").status_code == 404
    assert [APIKey.objects.get(pk=key.pk).revoked_at is None for key in (mine, others)] == [False, True]


def test_the_public_page_shows_the_name_and_never_the_address(client, django_assert_max_num_queries):
    person = make_user("Grace", first_name="Hidden", last_name="Surname", about="<b>Ships</b> on Mondays")
    with django_assert_max_num_queries(6):
        page = client.get(f"/members/{person.pk}/").content.decode()
    assert "Grace" in page
    assert "&lt;b&gt;Ships" in page
    assert not any(private in page for private in (person.email, "Hidden", "Surname"))


def test_a_closed_or_unknown_member_is_not_there(client, member):
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert client.get(f"/members/{member.pk}/").status_code == 404
    assert client.get("/members/01900000-0000-7000-8000-000000000000/").status_code == 404
