"""Barcode numbers: every way of printing one product's number is the same 13 digits, and a wrong digit is seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import gtin

digits = st.text("0123456789", min_size=12, max_size=12).filter(lambda text: int(text) > 0)


def ean(body: str) -> str:
    return body + str(gtin.check_digit(body))


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("4006381333931", "4006381333931"),
        ("4 006381 333931", "4006381333931"),
        ("4006-3813-33931", "4006381333931"),
        ("036000291452", "0036000291452"),
        ("0036000291452", "0036000291452"),
        ("00036000291452", "0036000291452"),
        ("96385074", "0000096385074"),
    ],
)
def test_every_way_of_writing_it_is_the_same_number(text, means):
    assert gtin.normal(text) == means


@pytest.mark.parametrize(
    "text",
    ["", "4006381333930", "400638133393", "12345", "10036000291459", "75192-1", "400638133393x", "00000000", "１２"],
)
def test_what_is_no_barcode_is_none(text):
    assert gtin.normal(text) is None


@pytest.mark.parametrize(
    ("short", "long"),
    [("04252614", "042100005264"), ("01234505", "012000003455"), ("01234133", "012300000413")],
)
def test_the_short_form_of_small_boxes(short, long):
    assert gtin.expanded(short) == gtin.normal(long) is not None


@given(digits)
def test_printed_and_read_again_it_is_itself(body):
    code = ean(body)
    assert gtin.normal(gtin.printed(code)) == code


@given(digits, st.integers(0, 12), st.integers(1, 9))
def test_one_wrong_digit_is_always_seen(body, place, off):
    code = ean(body)
    wrong = code[:place] + str((int(code[place]) + off) % 10) + code[place + 1 :]
    assert gtin.normal(wrong) is None
