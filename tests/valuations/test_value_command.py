"""`manage.py value`: what it answers about a file, and how it refuses one. No database is touched."""

import json

import pytest
from django.core.management import CommandError, call_command


@pytest.fixture
def value(tmp_path, capsys):
    """Runs the command on a file with these lines."""

    def run(*lines, heading="date,price", **options):
        path = tmp_path / "sales.csv"
        path.write_text("\n".join([heading, *lines, ""]))
        told = {"as_of": "2026-03-01"} | options
        words = [
            f"--{name.replace('_', '-')}" if value is True else f"--{name.replace('_', '-')}={value}"
            for name, value in told.items()
        ]
        call_command("value", str(path), *words)
        out = capsys.readouterr().out
        return json.loads(out) if options.get("json") else out

    return run


def test_a_file_is_valued_as_of_a_day(value):
    found = value("2026-02-28,10", "2026-02-27,11", "2026-02-26,12", json=True)
    assert {name: found[name] for name in ("n", "method", "as_of")} == {
        "n": 3,
        "method": "sales",
        "as_of": "2026-03-01",
    }
    assert found["low"] <= found["value"] <= found["high"]
    assert found["value"] == pytest.approx(11, rel=0.05)
    assert 0 <= found["confidence"] <= 1


def test_what_comes_later_is_not_known(value):
    found = value("2026-02-28,10", "2026-03-02,99", json=True)
    assert (found["value"], found["n"], found["later"]) == (10, 1, 1)


def test_every_comparable_is_told_with_its_weight(value):
    found = value("2026-03-01,10,", "2026-03-01,8.50,LP", heading="date,price,condition", json=True)
    near_mint, played = sorted(found["comparables"], key=lambda each: -each["price"])
    assert played["converted"] == near_mint["converted"] == 10
    assert played["weight"] == pytest.approx(0.6 * near_mint["weight"])
    assert found["reasons"]


def test_prices_and_words_are_read_as_people_write_them(value):
    found = value(
        '2026/02/28;"$1,299.00";Near Mint Foil;2;TCGplayer',
        heading="Date;Price;Condition;Quantity;Source",
        json=True,
    )
    assert found["value"] == 1299


def test_a_grade_is_wanted(value):
    lines = ["2026-02-28,100,PSA 10", "2026-02-27,110,PSA 10", "2026-02-26,105,10", "2026-02-28,12,"]
    found = value(*lines, heading="date,price,grade", grade="PSA 10", json=True)
    assert found["n"] == 3
    assert found["value"] == pytest.approx(105, rel=0.06)


def test_in_words(value):
    told = value("2026-02-28,10", "2026-02-27,11")
    assert "confidence" in told
    assert "It is the middle of 2 sales" in told


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("yesterday,10,,", "'yesterday' is not a date"),
        (",10,,", "it has no date"),
        ("2026-02-28,,,", "blank or zero"),
        ("2026-02-28,0,,", "blank or zero"),
        ("2026-02-28,-3,,", "below zero"),
        ("2026-02-28,cheap,,", "'cheap' is not a price"),
        ("2026-02-28,10,chewed,", "'chewed' is not a condition"),
        ("2026-02-28,10,NM,some", "'some' is not a quantity"),
    ],
)
def test_a_bad_row_is_told_with_its_line(value, line, reason):
    with pytest.raises(CommandError, match=r"line 3: .*" + reason):
        value("2026-02-28,10,NM,1", line, heading="date,price,condition,quantity")


def test_bad_rows_are_left_out_where_asked(value):
    found = value("2026-02-28,10", "2026-02-28,free", json=True, skip_bad=True)
    assert (found["value"], found["n"]) == (10, 1)
    assert found["skipped"] == [{"line": 3, "reason": "'free' is not a price"}]


def test_a_file_without_its_columns_is_refused(value):
    with pytest.raises(CommandError, match="lacks the column price"):
        value("2026-02-28,10", heading="date,amount")


def test_nothing_by_that_day_is_said(value):
    with pytest.raises(CommandError, match=r"no sale up to 2026-03-01; 1 are of later days"):
        value("2026-04-01,10")


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(CommandError, match="There is no file"):
        call_command("value", str(tmp_path / "none.csv"))
