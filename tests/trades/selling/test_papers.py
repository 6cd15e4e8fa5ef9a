"""Slips and labels: what is on them, in any script, and how many pages they have."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from apps.core.errors import InvalidInput
from apps.trades.selling import labels, lettering, orders, slips
from apps.trades.selling.addresses import lines_of
from tests.factories import ADDRESS

NAMES = [
    "Zoë Łukasz", "Ελένη Παπαδοπούλου", "Юрий Ковалёв", "山田 太郎", "王小明", "김민수", "שרה כהן", "محمد بن سلمان",
    "🦄🔥 Ada",
]  # fmt: skip


def pages_of(file) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(file.read())).pages]


@pytest.mark.django_db
def test_a_slip_says_what_the_parcel_holds_and_where_it_goes(seller, paid):
    paid(price_minor=1250, quantity=2, name="Bea")
    [order] = orders.chosen(seller=seller, ids=[])
    [page] = pages_of(slips.packing_slips([order]))
    for said in (order.number, "Ada Byron", "1 Card Lane", "Ember Drake", "$12.50", "2 ×", "From Mira", "Bea"):
        assert said in page


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
def test_papers_are_made_for_every_script(name, seller, paid):
    paid(ship_to=ADDRESS | {"name": name, "city": name})
    found = orders.chosen(seller=seller, ids=[])
    assert len(pages_of(slips.packing_slips(found, paper="letter"))) == 1
    assert len(pages_of(labels.address_labels(found, sheet="a4-21"))) == 1


@pytest.mark.django_db
def test_many_orders_fill_sheets_from_the_first_label_that_is_left(seller, paid):
    paid()
    [order] = orders.chosen(seller=seller, ids=[])
    many = [order] * 20
    assert len(pages_of(slips.packing_slips(many))) == 20
    assert len(pages_of(labels.address_labels(many, sheet="4x6"))) == 20
    assert len(pages_of(labels.address_labels(many, sheet="a4-21"))) == 1
    assert len(pages_of(labels.address_labels(many, sheet="a4-21", skip=2))) == 2
    with pytest.raises(InvalidInput, match="20 are used up"):
        labels.address_labels(many, sheet="a4-21", skip=21)


@pytest.mark.parametrize("sheet", labels.SHEETS.values(), ids=list(labels.SHEETS))
def test_labels_lie_on_their_page_and_not_on_each_other(sheet):
    corners = [sheet.corner(place) for place in range(sheet.count)]
    assert len({(round(x), round(y)) for x, y in corners}) == sheet.count
    for x, y in corners:
        assert x >= 0
        assert x + sheet.width <= sheet.page[0] + 0.01
        assert y <= sheet.page[1]
        assert y - sheet.height >= -0.01
    assert sheet.count == 1 or sheet.across >= sheet.width
    assert sheet.count == 1 or sheet.down >= sheet.height - 0.01


@pytest.mark.parametrize("name", NAMES[:-1])
def test_every_letter_of_these_scripts_is_drawn(name):
    assert "□" not in "".join(piece for _, piece in lettering.runs(lettering.plain(name)))


def test_hebrew_stands_from_right_to_left_and_arabic_is_joined():
    assert lettering.runs("שרה") == [(lettering.PLAIN, "הרש")]
    [(_, drawn)] = lettering.runs("محمد")
    assert all(0xFE70 <= ord(letter) <= 0xFEFF for letter in drawn)


def test_what_no_font_has_is_a_box_and_what_draws_nothing_is_left_out():
    assert lettering.runs(lettering.plain("A\u200d\ufe0f\U0001f984")) == [(lettering.PLAIN, "A□")]


@given(st.text(max_size=60), st.floats(20, 300))
def test_any_text_fits_its_width(text, width):
    lines = lettering.lines_of(text, width, 9)
    assert all(lettering.width_of(line, 9) <= width or len(line) == 1 for line in lines)
    kept = "".join(lettering.plain(text).split())
    assert "".join("".join(lines).split()) == kept


@pytest.mark.parametrize(
    ("country", "town"),
    [("US", ["Springfield, IL 12345"]), ("DE", ["12345 Springfield", "IL"]), ("GB", ["Springfield", "IL", "12345"])],
)
def test_an_address_has_its_countrys_order(country, town):
    address = ADDRESS | {"country": country, "region": "IL"}
    assert lines_of(address, home=country) == ["Ada Byron", "1 Card Lane", *town]
    assert lines_of(address, home="XX")[-1].isupper()
