"""Whose parcel number it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.trades.selling.carriers import carrier_of

# Numbers that carriers publish as examples, or that their rules make.
KNOWN = {
    "1Z9999999999999999": "",
    "1Z999AA10123456784": "UPS",
    "9400 1000 0000 0000 0000 06": "USPS",
    "RR123456785JP": "Japan Post",
    "rr 123 456 785 gb": "Royal Mail",
    "RR123456784JP": "",
    "JJD000390007799999999": "DHL",
    "3SABCD0123456": "PostNL",
    "hello": "",
    "": "",
    "🦄": "",
    "123": "",
}


@pytest.mark.parametrize(("number", "carrier"), KNOWN.items())
def test_known_numbers_tell_their_carrier(number, carrier):
    assert carrier_of(number) == carrier


@given(st.text(max_size=40))
def test_any_text_has_an_answer(text):
    assert isinstance(carrier_of(text), str)


@given(st.integers(0, 10**8 - 1), st.integers(0, 9))
def test_one_wrong_digit_is_noticed(serial, wrong):
    digits = f"{serial:08}"
    right = [check for check in range(10) if carrier_of(f"RA{digits}{check}DE")]
    assert len(right) == 1
    assert carrier_of(f"RA{digits}{right[0]}DE") == "Deutsche Post"
    assert bool(carrier_of(f"RA{digits}{wrong}DE")) == (wrong == right[0])
