"""One Redis in the form that each library reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.embedded import Addresses, celery_form, client_form
from config.settings.base import database


@pytest.mark.parametrize(
    ("url", "client", "celery"),
    [
        ("unix:///run/r.sock?db=3", "unix:///run/r.sock?db=3", "redis+socket:///run/r.sock?virtual_host=3"),
        ("unix:///run/r.sock", "unix:///run/r.sock?db=0", "redis+socket:///run/r.sock?virtual_host=0"),
        ("redis://cache:6379/2", "redis://cache:6379/2", "redis://cache:6379/2"),
        ("redis://cache", "redis://cache/0", "redis://cache/0"),
        ("rediss://u:p%40@cache:1/1?ssl_cert_reqs=none",) * 3,
    ],
)
def test_each_library_gets_its_form(url, client, celery):
    assert client_form(url) == client
    assert celery_form(url) == celery


@given(st.integers(0, 15), st.sampled_from(["unix:///a/b.sock?db=7", "redis://:pw@h:1/7", "unix:///a/b.sock"]))
def test_the_asked_database_replaces_the_stated_one(number, url):
    assert celery_form(url, database=number) == celery_form(client_form(url, database=number))


def test_a_folder_with_blanks_and_percent_signs_comes_back_whole(tmp_path):
    folder = tmp_path / "a folder 100%"
    assert database(Addresses.in_folder(folder).database_url)["HOST"] == str(folder)
