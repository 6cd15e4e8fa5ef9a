"""Barcodes in photographs: read whichever way the box lies, never read where there is none, and never another's number."""

import numpy as np
import pytest

from ml import gtin
from ml.barcode import BarcodeReader, drawn
from ml.bars import AGREES, agreement, modules
from ml.generate.boxes import BoxFacts, draw, photograph, restricted
from tests.ml.drawing import DrawnCard, jpeg, placed, rectangle, table
from tests.ml.drawing import drawn as drawn_card

CODE = restricted(73_501_928_461)
READER = BarcodeReader()


def photo(seed=1, **options):
    rng = np.random.default_rng(seed)
    box = draw(BoxFacts("Forts", "76999", "Harbour Fort", 812, CODE), rng)
    return photograph(box, rng, **({"width": 1400, "fill": 0.85} | options))


@pytest.mark.parametrize("turn", [0, 90, 180, 270, 12])
def test_a_box_s_barcode_is_read_whichever_way_it_lies(turn):
    (code,) = READER.read(photo(turn=turn).picture, effort="thorough")
    assert code.value == CODE


def test_its_place_is_inside_of_the_box():
    taken = photo()
    (code,) = READER.read(taken.picture, effort="thorough")
    low, high = taken.corners.min(axis=0), taken.corners.max(axis=0)
    assert (code.quad.corners > low).all()
    assert (code.quad.corners < high).all()


@pytest.mark.parametrize("value", ["2001234567893", "0036000291452"])
def test_european_and_american_codes_are_13_digits_alike(value):
    picture = np.pad(drawn(value), ((40, 40), (60, 60), (0, 0)), constant_values=255)
    assert [code.value for code in READER.read(picture)] == [value]


def test_a_number_that_checks_nothing_is_not_drawn():
    with pytest.raises(ValueError, match="no barcode"):
        drawn("2001234567890")


def test_cards_have_no_barcode():
    lying = table(900, 700, (60, 62, 66))
    placed(lying, drawn_card(DrawnCard(art=3, name="Ember Fox", number="012/159")), rectangle(450, 350, 330, 5))
    assert READER.read(jpeg(lying), effort="thorough") == []


def test_bars_of_another_number_do_not_agree():
    """A misread code can pass its check digit; laid over the photo, its bars do not fit."""
    picture = drawn(CODE, module=2)[:120, :, 0]
    corners = np.array([[22, 0], [212, 0], [212, 100], [22, 100]], np.float32)
    other = CODE[:5] + str((int(CODE[5]) + 3) % 10) + CODE[6:12]
    other += str(gtin.check_digit(other))
    assert agreement(picture, corners, modules(CODE, "EAN13")) > AGREES
    assert agreement(picture, corners, modules(other, "EAN13")) < AGREES
