"""The member's own profile through the API."""

import pytest

from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_what_one_sees_of_oneself(member, signed_in):
    body = signed_in(member).get("/api/v1/me").json()
    assert body.keys() == {
        "id", "email", "role", "display_name", "first_name", "last_name", "country", "about", "member_since",
    }  # fmt: skip
    assert (body["id"], body["email"], body["role"]) == (str(member.pk), member.email, "member")


def test_only_what_is_sent_changes(member, signed_in):
    body = signed_in(member).patch("/api/v1/me", {"about": "Old sets."}).json()
    assert (body["about"], body["display_name"]) == ("Old sets.", member.display_name)


def test_role_and_address_are_not_ones_own_to_change(member, signed_in):
    body = signed_in(member).patch("/api/v1/me", {"role": "admin", "email": "x@example.com", "id": "1"}).json()
    assert (body["role"], body["email"]) == ("member", member.email)


@pytest.mark.parametrize("change", [{"country": "XX"}, {"display_name": "<b>"}, {"about": "x" * 501}])
def test_what_cannot_be_used_is_named(member, signed_in, change):
    answer = signed_in(member).patch("/api/v1/me", change)
    assert answer.status_code == 400
    assert set(answer.json()["error"]["details"]) == set(change)


def test_a_taken_name_is_a_conflict(member, signed_in):
    make_user("Grace")
    assert signed_in(member).patch("/api/v1/me", {"display_name": "GRACE"}).status_code == 409


def test_reading_oneself_takes_one_query(member, signed_in, django_assert_num_queries):
    program = signed_in(member)
    with django_assert_num_queries(1):
        program.get("/api/v1/me")
