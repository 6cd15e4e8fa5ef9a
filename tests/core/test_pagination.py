"""Pages of a list, bounded on both sides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.pagination import Page

pytestmark = pytest.mark.urls("tests.core.site")


@given(st.integers(0, 500), st.integers(1, 100), st.integers(0, 600))
def test_going_on_while_there_is_more_sees_every_row_once(total, limit, _unused):
    seen, offset = [], 0
    while True:
        page = Page(range(total)[offset : offset + limit], total, limit, offset)
        seen += page.rows
        assert 1 <= page.number <= page.pages
        if not page.has_more:
            break
        offset += limit
    assert seen == list(range(total))


@pytest.mark.django_db
def test_the_envelope_says_where_one_is(api):
    body = api.get("/api/v1/numbers?limit=30&offset=90").json()
    assert body["numbers"] == list(range(90, 100))
    assert body["pagination"] == {"total": 100, "limit": 30, "offset": 90, "has_more": False}
    assert api.get("/api/v1/numbers").json()["pagination"] == {"total": 100, "limit": 20, "offset": 0, "has_more": True}
    assert api.get("/api/v1/numbers?offset=1000").json()["numbers"] == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=x",
        "limit=",
        "offset=-1",
        "offset=1.5",
        "limit=²",
        f"offset={'9' * 5000}",
    ],
)
def test_bounds_are_held_and_named(api, query):
    answer = api.get(f"/api/v1/numbers?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]["details"]["field"] == query.split("=")[0]
