"""The report of all benchmarks: every ratio is told, beside the one before, and what was not measured anew stays."""

import importlib
import json
import xml.etree.ElementTree as ET

from tests.benchmarks import report
from tests.benchmarks.__main__ import names


def record(name, **figures):
    return {
        "benchmark": name, "large": False, "measured_at": "2026-11-21T12:00:00+00:00", "seconds": 12.0,
        "commit": "abc", "processor": "x86_64", "cores": 2, "load_at_the_end": 1.0, "figures": figures,
    }  # fmt: skip


def test_a_second_report_tells_each_ratio_against_the_first_and_forgets_nothing(tmp_path):
    measured, kept = tmp_path / "bench", tmp_path / "report"
    measured.mkdir()
    (measured / "ledger.json").write_text(json.dumps(record("ledger", one={"ratio": 0.5, "seconds": 3})))
    (measured / "values.json").write_text(json.dumps(record("values", ratio=2.0)))
    assert [row.change for row in report.write(measured, kept)] == [None, None]
    (measured / "values.json").unlink()
    (measured / "ledger.json").write_text(json.dumps(record("ledger", one={"ratio": 0.4})))
    rows = {row.benchmark: row for row in report.write(measured, kept)}
    assert rows["ledger"].change == 0.8
    page = (kept / "README.md").read_text()
    assert "| one | 0.40 | 0.80 |" in page
    assert "## values" in page
    drawn = ET.fromstring((kept / "ratios.svg").read_text())
    assert len(list(drawn.iter("{http://www.w3.org/2000/svg}circle"))) == 2


def test_ratios_that_cannot_be_drawn_are_left_out_of_the_plot():
    rows = [report.Row("a", "none", 0.0, None), report.Row("a", "endless", float("inf"), None)]
    assert "circle" not in report.plot(rows)


def test_every_benchmark_can_be_run_and_says_what_it_compares_with():
    for name in names():
        module = importlib.import_module(f"tests.benchmarks.bench_{name}")
        assert callable(module.run), name
        assert module.__doc__, name
