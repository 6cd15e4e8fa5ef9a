"""What a load run's figures say: which rate was held, which one was quick enough, and that the report shows both runs."""

from hypothesis import given
from hypothesis import strategies as st

from tests.load.figures import Times, highest_within, percentile, record, report, saturation, step_of, steps_in

ABOUT = {
    "measured_at": "2026-11-22T12:00:00+00:00", "commit": "abc", "processor": "x86_64", "cores": 2, "load_before": 0.1,
    "users": 20, "listings": 1000, "step_seconds": 10.0, "shown_rate": 50,
}  # fmt: skip


def noted(rate, milliseconds, *, answered=None, failed=None):
    """Ten seconds in which pages took so long."""
    count = round((rate if answered is None else answered) * 10)
    times = {"GET card": [milliseconds] * count, "GET search-suggest": [5000.0], "POST cart-add": [5000.0]}
    return {
        "rate": rate, "began": 0.0, "ended": 10.0, "times": times, "failed": failed or {}, "refused": {},
    }  # fmt: skip


def steps(*many):
    return [step_of(each, {"web": 1.234}) for each in many]


@given(st.lists(st.floats(0, 1e6), min_size=1), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_percentile_is_a_value_that_so_many_do_not_exceed(values, share):
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)
    assert sum(value < found for value in values) < share * len(values)


def test_pages_are_told_apart_from_fragments_and_forms():
    [step] = steps(noted(50, 30.0))
    assert step.pages == Times(500, 30.0, 30.0, 30.0)
    assert step.routes["POST cart-add"].p95 == 5000.0
    assert step.cores == {"web": 1.23}


def test_it_saturates_where_fewer_are_answered_than_asked_for_or_many_fail():
    assert saturation(steps(noted(25, 30.0), noted(50, 30.0))) is None
    assert saturation(steps(noted(25, 30.0), noted(50, 30.0, answered=40), noted(75, 30.0, answered=41))) == 50
    assert saturation(steps(noted(25, 30.0, failed={"GET card: answered 500": 20}))) == 25


def test_the_highest_quick_rate_is_one_below_which_all_are_quick():
    assert highest_within(steps(noted(25, 30.0), noted(50, 120.0), noted(75, 900.0), noted(100, 30.0))) == 50
    assert highest_within(steps(noted(25, 300.0))) is None


def test_a_record_is_read_back_and_reported_beside_the_one_before():
    before = record(steps(noted(25, 300.0)), ABOUT)
    kept = record(steps(noted(25, 30.0), noted(50, 120.0, failed={"GET card: answered 500": 1})), ABOUT)
    assert steps_in(kept) == steps(noted(25, 30.0), noted(50, 120.0, failed={"GET card: answered 500": 1}))
    page = report(kept, before)
    assert "within 200 ms up to 50 requests a second" in page
    assert "within 200 ms at none of these rates" in page
    assert "| GET card | 500 | 120 | 120 | 120 |" in page
    assert "1 x GET card: answered 500" in page
    assert page.index("## Routes at 50") < page.index("## Before")
