"""Reading numbers, finishes, days and tables: whatever comes, it is either understood or refused."""

import csv
import datetime as dt
import io
import json

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.catalog.importers.onepiece import base_of, release_code
from apps.catalog.importers.rows import count_from, date_from, finish_from
from apps.catalog.importers.streams import elements_of
from apps.catalog.models import Finish
from apps.catalog.search.meaning import number_key
from apps.core.errors import InvalidInput
from apps.core.tabular import rows_in

numbers = st.text("0123456789abcOPTG-_ /", min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("printed", "key"),
    [
        ("4", "4"),
        ("004", "4"),
        ("OP01-016", "op1-16"),
        ("OP01-016_p1", "op1-16-p1"),
        ("TG04", "tg4"),
        ("SWSH001", "swsh1"),
        ("100", "100"),
        ("0", "0"),
    ],
)
def test_numbers_are_compared_without_zeros_in_front(printed, key):
    assert number_key(printed) == key


@given(numbers)
def test_a_normal_number_stays_as_it_is(number):
    assert number_key(number_key(number)) == number_key(number)


@given(st.integers(0, 9999), st.integers(1, 6), st.sampled_from(["", "OP", "TG", "st"]))
def test_padding_and_case_do_not_matter(number, width, prefix):
    assert number_key(f"{prefix}{number:0{width}}") == number_key(f"{prefix.lower()}{number}")


@pytest.mark.django_db
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(numbers, min_size=20, max_size=60))
def test_the_database_compares_numbers_as_we_do(given_numbers):
    with connection.cursor() as cursor:
        cursor.execute(
            "select catalog_number_key(n) from unnest(%s::text[]) with ordinality as t (n, at) order by at",
            [given_numbers],
        )
        assert [key for (key,) in cursor.fetchall()] == [number_key(number) for number in given_numbers]


@given(st.text(max_size=40))
def test_a_word_is_a_finish_or_none(word):
    assert finish_from(word) in {None, *Finish}


@pytest.mark.parametrize("finish", Finish)
def test_every_finish_is_known_by_its_own_name_and_label(finish):
    assert finish_from(finish.value) == finish
    assert finish_from(str(finish.label)) == finish


@given(st.dates(dt.date(1000, 1, 1)), st.sampled_from(["-", "/"]), st.sampled_from(["", "T00:00:00", " 12:30"]))
def test_days_are_read_with_dashes_slashes_and_a_time_behind(day, separator, rest):
    assert date_from(day.isoformat().replace("-", separator) + rest) == day


@given(st.text(max_size=30))
def test_what_is_no_day_is_refused(text):
    try:
        found = date_from(text)
    except ValueError:
        return
    assert found is None or isinstance(found, dt.date)


@given(st.one_of(st.none(), st.integers(), st.text(max_size=12)))
def test_counts_are_not_negative(given_count):
    try:
        found = count_from(given_count)
    except ValueError:
        return
    assert found is None or found >= 0


@given(st.from_regex(r"(OP|ST|EB)-?\d{2}", fullmatch=True), st.sampled_from(["Dawn [{}]", "夜【{}】", "{}"]))
def test_packs_are_known_by_one_code_however_it_is_written(code, title):
    plain = code.replace("-", "")
    assert release_code(code, "", "1") == plain
    if "{" in title and title != "{}":
        assert release_code("", title.format(code), "1") == plain


def test_a_pack_without_a_code_is_known_by_its_own_number():
    assert release_code("", "Promotion", "569901") == "P569901"


@given(st.from_regex(r"OP\d\d-\d{3}", fullmatch=True), st.sampled_from(["", "_p1", "_r2"]))
def test_a_parallel_knows_its_card(base, parallel):
    assert base_of(base + parallel) == (base, parallel[1:])


cells = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=20)


@given(st.lists(st.lists(cells, min_size=3, max_size=3), max_size=8), st.sampled_from(",;\t|"))
def test_a_table_comes_back_whatever_its_separator(rows, separator):
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=separator)
    writer.writerow(["name", "set", "number"])
    writer.writerows(rows)
    buffer.seek(0)
    read = [list(row.values()) for _, row in rows_in(buffer)]
    assert read == [[cell.strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]


@given(st.text(max_size=300))
def test_any_text_is_a_table_or_is_refused(text):
    try:
        for line, row in rows_in(io.StringIO(text, newline="")):
            assert line >= 2
            assert all(isinstance(cell, str) for cell in row.values())
    except InvalidInput:
        pass


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=9), st.lists, max_leaves=5),
        max_size=9,
    ),
    st.sampled_from([None, 2]),
)
def test_json_is_streamed_whatever_its_layout(tmp_path, elements, indent):
    path = tmp_path / "elements.json"
    path.write_text(json.dumps(elements, indent=indent))
    assert list(elements_of(path)) == elements
