"""The capacity model: its page is as drawn, what it says grows as it must, and every assumption counts."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.benchmarks.capacity import MEMBERS, MIX, PAGE, Assumptions, Units, drawn, kept, need, number, size

UNITS = Units.of(kept())


def test_the_page_is_as_drawn():
    page = PAGE.read_text()
    assert page == drawn(page, kept()), "run python -m tests.benchmarks.capacity"


@given(fewer=st.integers(1_000, 20_000_000), more=st.integers(1_000, 20_000_000))
def test_more_members_never_need_less(fewer, more):
    fewer, more = sorted((fewer, more))
    one, other = need(fewer, Assumptions(), UNITS), need(more, Assumptions(), UNITS)
    for figure in fields(one):
        if figure.name == "primary_cores":  # what replicas take over is not the primary's any more
            continue
        value, larger = getattr(one, figure.name), getattr(other, figure.name)
        if isinstance(value, int | float):
            assert value <= larger * (1 + 1e-9), figure.name
    assert one.database_bytes <= other.database_bytes


@pytest.mark.parametrize("assumption", [each.name for each in fields(Assumptions)])
def test_every_assumption_counts(assumption):
    usual = Assumptions()
    changed = replace(usual, **{assumption: getattr(usual, assumption) * 0.3})
    assert need(MEMBERS[-1], usual, UNITS) != need(MEMBERS[-1], changed, UNITS)


def test_the_arithmetic_of_one_figure():
    """A million members, a tenth of them a day, thirty requests and as many of visitors, five times as many at the peak."""
    found = need(1_000_000, Assumptions(), UNITS)
    assert found.requests_a_second == pytest.approx(1_000_000 * 0.10 * 30 * 2 / 86_400 * 5)
    assert found.web_cores == pytest.approx(found.requests_a_second * UNITS.web_ms / 1000 / 0.6, abs=1)
    assert found.stored["members"] == 1_000_000 * UNITS.bytes_of["a member"]


def test_the_mix_is_of_pages_that_were_measured_and_is_whole():
    assert sum(MIX.values()) == pytest.approx(1)
    assert set(MIX) <= set(kept()["units"]["pages"])


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0"), (0.0123, "0.012"), (7.46, "7.5"), (96.4, "96"), (123_456, "120,000")]
)
def test_figures_have_two_digits_that_mean_something(count, said):
    assert number(count) == said


def test_sizes_are_told_in_the_unit_that_reads_best():
    assert [size(count) for count in (3e6, 4.56e9, 7.8e12, 1.2e15)] == ["3 MB", "4.6 GB", "7.8 TB", "1.2 PB"]
