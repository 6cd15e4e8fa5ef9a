"""The report of all benchmarks: every ratio is told, beside the one before, and what was not measured anew stays."""

import importlib
import json
import xml.etree.ElementTree as ET

import pytest

from tests.benchmarks import report
from tests.benchmarks.__main__ import names, quick_first


def record(name, day=1, **figures):
    return {
        "benchmark": name, "large": False, "measured_at": f"2026-11-{day:02}T12:00:00+00:00", "seconds": 12.0,
        "commit": "abc", "processor": "x86_64", "cores": 2, "load_at_the_end": 1.0, "figures": figures,
    }  # fmt: skip


@pytest.fixture
def folders(tmp_path):
    measured, kept = tmp_path / "bench", tmp_path / "report"
    measured.mkdir()

    def reported(day, **ratios):
        for name, ratio in ratios.items():
            (measured / f"{name}.json").write_text(json.dumps(record(name, day, one={"ratio": ratio, "seconds": 3})))
        return {row.benchmark: row for row in report.write(measured, kept)}

    return reported, kept


def test_a_second_report_tells_each_ratio_against_the_first_and_forgets_nothing(folders):
    reported, kept = folders
    assert [row.change for row in reported(1, ledger=0.5, values=2.0).values()] == [None, None]
    assert reported(2, ledger=0.45)["ledger"].change == pytest.approx(0.9)
    page = (kept / "README.md").read_text()
    assert "| one | 0.45 | 0.90 | 20% |" in page
    assert "## values" in page
    assert "No ratio is worse than before" in page
    drawn = ET.fromstring((kept / "ratios.svg").read_text())
    assert len(list(drawn.iter("{http://www.w3.org/2000/svg}circle"))) == 2


def test_a_ratio_that_fell_by_more_than_it_spreads_is_named(folders):
    reported, kept = folders
    for day, steady, unsteady in ((1, 2.0, 2.0), (2, 2.1, 1.7), (3, 1.9, 2.6), (4, 2.0, 2.0)):
        assert not any(row.is_worse for row in reported(day, ledger=steady, values=unsteady).values())
    told = reported(5, ledger=1.5, values=1.5)
    assert told["ledger"].is_worse
    assert not told["values"].is_worse
    page = (kept / "README.md").read_text()
    assert "* ledger: one is 1.50 where it was 2.00: 25% less, more than its spread of 20%." in page
    assert "| one | 1.50 | 0.75 | 20% **worse** |" in page


def test_the_same_run_reported_again_is_compared_with_what_was_before_it(folders):
    reported, _ = folders
    reported(1, ledger=2.0)
    assert reported(2, ledger=1.0)["ledger"].is_worse
    assert reported(2, ledger=1.0)["ledger"].is_worse


def test_ratios_that_cannot_be_drawn_are_left_out_of_the_plot():
    rows = [report.Row("a", "none", 0.0), report.Row("a", "endless", float("inf"))]
    assert "circle" not in report.plot(rows)


def test_every_benchmark_can_be_run_and_says_what_it_compares_with():
    for name in names():
        module = importlib.import_module(f"tests.benchmarks.bench_{name}")
        assert callable(module.run), name
        assert module.__doc__, name


def test_the_quick_ones_come_first_and_those_never_timed_at_the_end():
    assert quick_first(["values", "live", "oscar", "index"], {"values": 25.0, "live": 4.0}) == [
        "live", "values", "index", "oscar",
    ]  # fmt: skip
