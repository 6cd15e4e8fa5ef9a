"""What a box says, weighed: a rare number is worth more than a common one, and what does not fit speaks against."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.identify.by_text import BoxText, clue_of, name_likeness, number_odds, said
from ml.identify.catalogue import MemoryBoxes
from ml.identify.fused import MOST, prior
from ml.identify.types import BoxEntry
from ml.types import Line

START = prior(20_000)
FORT = BoxEntry("fort", "lego", "76999", "Harbour Fort", lines=("Forts",), pieces=812)


def line(text, top=0.1, tall=0.05, confidence=0.95):
    return Line(text, confidence, (0.1, top, 0.6, top + tall))


def box(*texts):
    return said([line(text, 0.1 * place) for place, text in enumerate(texts)])


def odds(entry, *texts):
    return START + clue_of(entry, box(*texts), START).odds


class TestReading:
    """Lines sorted by what they may mean."""

    def test_number_pieces_and_names(self):
        text = box("FORTS", "Harbour Fort", "76999", "8+", "812 pcs/pzs")
        assert [number for number, _ in text.numbers] == ["76999"]
        assert text.pieces == 812
        assert "Harbour Fort" in text.texts

    @pytest.mark.parametrize("words", ["812 pieces", "812 Teile", "812 pièces", "812pcs", "812 PZS"])
    def test_pieces_in_several_languages(self, words):
        assert box(words).pieces == 812

    def test_ages_are_no_numbers(self):
        assert box("9-14", "16+", "6-12").numbers == ()

    def test_the_number_as_sites_write_it(self):
        assert box("76999-1").numbers[0][0] == "76999"
        assert box("76999-2").numbers[0][0] == "76999-2"

    def test_letters_for_digits_are_less_trusted(self):
        numbers = dict(box("7G999 76O99").numbers)
        assert numbers["76099"] < 0.6

    def test_a_name_on_two_lines_is_one(self):
        assert "Harbour Fort" in box("Harbour", "Fort").texts

    @given(st.text(max_size=40))
    def test_anything_can_be_read(self, text):
        box(text)


class TestWeighing:
    """Log odds against none of these."""

    def test_a_number_of_five_digits_alone_is_enough(self):
        assert odds(FORT, "76999") > 2.5

    def test_one_of_three_digits_is_not(self):
        assert odds(BoxEntry("old", "lego", "375", "Castle"), "375") < 0

    def test_a_long_name_alone_is_nearly_enough_and_a_short_one_is_not(self):
        long = BoxEntry("a", "lego", "1", "Ultimate Collector Harbour Lighthouse")
        assert (
            odds(long, "Ultimate Collector Harbour Lighthouse") > odds(BoxEntry("b", "lego", "2", "Taxi"), "Taxi") + 4
        )

    def test_each_agreement_raises(self):
        assert odds(FORT, "76999") < odds(FORT, "76999", "812 pcs") < MOST + 0.01

    def test_another_number_and_other_pieces_speak_against(self):
        named = odds(FORT, "Harbour Fort")
        assert odds(FORT, "Harbour Fort", "60215") < named
        assert odds(FORT, "Harbour Fort", "99 pcs") < named

    def test_nothing_is_surer_than_four_hundred_to_one(self):
        assert odds(FORT, "FORTS", "Harbour Fort", "76999", "812 pcs") == pytest.approx(MOST)

    def test_of_two_with_one_number_the_first_is_likelier(self):
        numbers = (("76999", 0.9),)
        assert number_odds("76999", numbers) > number_odds("76999-2", numbers)

    def test_a_number_with_its_variant_means_that_one(self):
        numbers = (("76999-2", 0.9),)
        assert number_odds("76999-2", numbers) > number_odds("76999", numbers) + 3

    @given(st.text(max_size=30))
    def test_likeness_is_a_share(self, text):
        assert 0 <= name_likeness(FORT, [text]) <= 1


def test_the_catalogue_in_memory_answers_by_everything():
    mill = BoxEntry("mill", "lego", "76999-2", "Harbour Mill", barcodes=("2001234567893",))
    boxes = MemoryBoxes([FORT, mill, BoxEntry("hero", "figures", "25", "Captain Reef")])
    assert {e.key for e in boxes.by_number(["76999"], None)} == {"fort", "mill"}
    assert next(e.key for e in boxes.by_name(["harbor fort"], "lego")) == "fort"
    assert [e.key for e in boxes.by_name(["the Captain Reef figure"], None)] == ["hero"]
    assert boxes.by_name(["Captain Reef"], "lego") == []
    assert {code: e.key for code, e in boxes.by_barcode(["2001234567893", "96385074"]).items()} == {
        "2001234567893": "mill"
    }
    assert (boxes.size(None), boxes.size("lego")) == (3, 2)


def test_an_empty_box_says_nothing():
    assert said([]) == BoxText()
