"""The back-test: it knows nothing of later days, counts errors right, reads each format, and says what is no price file."""

import gzip
import json
import os
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from apps.valuations import actions
from apps.valuations.backtest import history, report
from apps.valuations.backtest.measure import BASELINES, questions, score, thinned, valued
from apps.valuations.backtest.series import FORMATS, NoPrices, read
from apps.valuations.backtest.sweep import sweep
from apps.valuations.fair_value import Kind

FIRST = date(2026, 1, 5)
SAMPLE = os.environ.get("CARDVAULT_SAMPLE_DATA", "")


def price_file(folder, *, days=70, items=4, seed=3, name="own.csv"):
    """Single sales of a few things, one or two a day, around prices that drift a little."""
    rng = np.random.default_rng(seed)
    lines = ["item,date,price"]
    for item in range(items):
        middle = 10.0 * (item + 1)
        for day in range(days):
            middle *= float(np.exp(rng.normal(0, 0.01)))
            lines += [
                f"card-{item},{FIRST + timedelta(days=day)},{middle * float(np.exp(rng.normal(0, 0.15))):.2f}"
                for _ in range(int(rng.integers(0, 3)))
            ]
    path = folder / name
    path.write_text("\n".join([*lines, ""]))
    return path


@pytest.fixture
def series(tmp_path):
    return read(price_file(tmp_path))[0]


def test_what_is_known_at_a_cut_is_older_and_what_is_foretold_is_younger(series):
    asked = questions(series)
    assert len(asked) > 20
    assert (asked.age >= 0).all()
    assert (series.day[asked.known] <= asked.cut[asked.question]).all()
    assert (series.item[asked.known] == asked.item[asked.question]).all()


def test_later_prices_change_nothing_that_was_said(tmp_path):
    """The same history with another end is valued the same up to there."""
    whole = read(price_file(tmp_path, days=70))[0]
    text = (tmp_path / "own.csv").read_text().splitlines()
    until = str(FIRST + timedelta(days=41))
    changed = [line if line.split(",")[1] <= until else line.rsplit(",", 1)[0] + ",999.00" for line in text[1:]]
    (tmp_path / "other.csv").write_text("\n".join([text[0], *changed, ""]))
    other = read(tmp_path / "other.csv")[0]
    said = []
    for each in (whole, other):
        asked = questions(each)
        early = asked.part(asked.cut <= (FIRST + timedelta(days=41)).toordinal())
        said.append((early.cut.tolist(), valued(early).value, {name: f(early) for name, f in BASELINES.items()}))
    assert said[0][0] == said[1][0]
    assert said[0][1] == pytest.approx(said[1][1])
    for name in BASELINES:
        assert said[0][2][name] == pytest.approx(said[1][2][name]), name


def test_parameters_may_be_chosen_on_the_earlier_dates_alone(series):
    asked = questions(series)
    assert asked.cut[~asked.is_late].max() < asked.cut[asked.is_late].min()
    assert 0.3 < asked.is_late.mean() < 0.5


def test_of_single_sales_fair_value_is_nearer_than_the_last_and_the_interval_holds(tmp_path):
    found = report.report(read(price_file(tmp_path, days=300, items=12)), part="all")["all"][0]
    assert found.scores[report.OURS].error < found.scores["last"].error
    assert found.coverage > 0.85
    assert all(0 <= each < 1 for each in found.by_confidence)


def test_baselines_by_hand(tmp_path):
    """Known on 14 January: 10 (40 days ago), 20, 40 (10 days ago), 30 (that day)."""
    days = {-31: 10, 0: 20, 1: 40, 9: 30, 12: 50}
    path = tmp_path / "few.csv"
    path.write_text(
        "\n".join(["item,date,price", *(f"a,{FIRST + timedelta(days=day)},{price}" for day, price in days.items())])
    )
    series = read(path)[0]
    asked = questions(series)
    last = asked.part(asked.cut == asked.cut.max())
    assert last.truth == pytest.approx([50])
    assert BASELINES["last"](last) == pytest.approx([30])
    assert BASELINES["mean 30 d"](last) == pytest.approx([30])
    assert BASELINES["median 30 d"](last) == pytest.approx([30])
    assert BASELINES["mean 90 d"](last) == pytest.approx([25])


def test_errors_by_hand():
    found = score(np.array([11.0, 18.0, 30.0]), np.array([10.0, 20.0, 20.0]))
    assert found.error == pytest.approx(0.1)
    assert found.weighted == pytest.approx(13 / 50)


def test_of_quotes_one_a_week_is_known_and_of_sales_every_one(tmp_path):
    lines = [f"1,Foil,{FIRST + timedelta(days=day)},{10 + day / 100:.2f}" for day in range(60)]
    (tmp_path / "daily.csv").write_text("\n".join(["tcgplayer_product_id,finish,date,market", *lines]))
    series = read(tmp_path / "daily.csv")[0]
    asked = questions(series)
    last = asked.part(asked.cut == asked.cut.max())
    assert set(series.kind) == {Kind.QUOTE}
    assert np.sort(last.age[thinned(last)])[:5].tolist() == [0, 7, 14, 21, 28]


def test_zero_blank_and_unreadable_prices_are_no_prices(tmp_path):
    path = tmp_path / "odd.csv"
    path.write_text("item,date,price\na,2026-01-05,10\na,2026-01-06,0\na,2026-01-07,\na,2026-01-08,x\na,soon,5\n")
    assert read(path)[0].price.tolist() == [10]


def test_folders_and_packed_files_are_read(tmp_path):
    plain = price_file(tmp_path)
    (tmp_path / "packed.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n")
    assert len(read(tmp_path)) == 2


def test_what_has_no_prices_is_refused_with_what_is_known(tmp_path):
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n")
    with pytest.raises(NoPrices, match="item, date, price"):
        read(tmp_path)
    with pytest.raises(NoPrices, match="There is no"):
        read(tmp_path / "none")


def test_every_format_says_what_its_figures_are():
    assert all(form.about and form.period > 0 for form in FORMATS)
    assert len({form.name for form in FORMATS}) == len(FORMATS)


def test_the_command_tells_a_table_and_json(tmp_path, capsys):
    path = str(price_file(tmp_path))
    call_command("backtest", "--data", path, "--about")
    table = capsys.readouterr().out
    assert "fair value" in table
    assert "own sales" in table
    call_command("backtest", "--data", path, "--json", "--part=all")
    found = json.loads(capsys.readouterr().out)
    assert found["part"] == "all"
    assert set(found["series"]["own sales"]["scores"]) == {report.OURS, *BASELINES}


def test_the_command_refuses_what_is_no_price_file(tmp_path):
    with pytest.raises(CommandError, match="There is no"):
        call_command("backtest", "--data", str(tmp_path / "none.csv"))
    (tmp_path / "one.csv").write_text("item,date,price\na,2026-01-05,10\n")
    with pytest.raises(CommandError, match="too few dates"):
        call_command("backtest", "--data", str(tmp_path / "one.csv"))


@pytest.mark.skipif(not SAMPLE, reason="CARDVAULT_SAMPLE_DATA names no folder of real prices")
def test_on_real_daily_prices_the_later_dates_are_foretold_better_than_by_any_baseline():
    found = report.report(read(Path(SAMPLE) / "prices/tcgplayer_daily_25cards.csv"))["all"][0]
    assert found.is_best
    assert 0.85 <= found.coverage <= 0.95


def test_the_sweep_finds_that_single_sales_want_more_than_the_newest(tmp_path, capsys):
    path = price_file(tmp_path, days=200, items=8)
    best = sweep(read(path))[0]
    assert best.source == "file singles"
    assert best.half_life > 3
    assert best.error < 1
    call_command("backtest", "--data", str(path), "--sweep")
    assert "file singles" in capsys.readouterr().out


@pytest.mark.django_db
def test_an_installation_is_tested_on_its_own_history(variant, quoted, sold, capsys):
    for day in range(60):
        quoted(f"{10 + day / 50:.2f}", days=day)
    sold("11")
    actions.refresh_prices([variant.pk])
    found = {each.name: len(each.price) for each in history.own()}
    assert found == {"cardvault sales": 1, "tcgplayer quotes": 60}
    call_command("backtest")
    assert "tcgplayer quotes" in capsys.readouterr().out


@pytest.mark.django_db
def test_an_installation_without_prices_is_told_to_name_files():
    with pytest.raises(CommandError, match="--data"):
        call_command("backtest")
