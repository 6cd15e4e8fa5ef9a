"""Tracking in bulk: each line for itself, told, and safe to send twice."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import DomainError, InvalidInput, TooLarge
from apps.trades.models import Shipment
from apps.trades.selling import tracking
from apps.trades.selling.orders import number_of
from apps.trades.selling.tracking import Line, lines_in, ship_many


def outcomes(text, by, **given):
    return [result.outcome for result in ship_many(lines=lines_in(text), by=by, **given)]


@pytest.mark.parametrize(
    "text",
    [
        "ABCD-1234, DHL, 123 456",
        "ABCD-1234\tDHL\t123 456",
        'order;carrier;tracking number\nABCD-1234;DHL;"123 456"',
        "sep=;\nTracking Number;Order;Carrier\n123 456;ABCD-1234;DHL",
        "\ufeffOrder,Name,Carrier,Tracking\nABCD-1234,Ada,DHL,123 456\n\n",
    ],
)
def test_lists_are_read_however_they_are_written(text):
    [line] = lines_in(text)
    assert (line.order, line.carrier, line.number) == ("ABCD-1234", "DHL", "123 456")


def test_the_carrier_may_be_left_out():
    assert lines_in("ABCD-1234 1Z999AA10123456784") == [Line(1, "ABCD-1234", "", "1Z999AA10123456784")]
    assert lines_in("ABCD-1234,RR123456785JP")[0].number == "RR123456785JP"


@pytest.mark.parametrize("text", ["", " \n ", "order,carrier,tracking\n"])
def test_a_list_of_nothing_is_refused(text):
    with pytest.raises(InvalidInput):
        lines_in(text)


def test_a_list_too_long_is_refused_and_a_file_too_large():
    with pytest.raises(InvalidInput, match="500"):
        lines_in("A,B,C\n" * 501)
    with pytest.raises(TooLarge):
        tracking.text_of(io.BytesIO(b"x" * (tracking.MOST_BYTES + 1)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_files_come_in_any_encoding(encoding):
    content = "order,carrier,tracking\nABCD-1234,Österreichische Post,77\n".encode(encoding)
    [line] = lines_in(tracking.text_of(io.BytesIO(content)))
    assert line.carrier == "Österreichische Post"


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_in_words(text):
    try:
        assert lines_in(text)
    except DomainError as error:
        assert error.message


@pytest.mark.django_db
def test_each_line_ships_its_order_and_a_bad_one_keeps_no_other_back(seller, paid):
    first, second, theirs = paid(), paid(), paid("shipped")
    first_two = f"{number_of(first.pk)},,1Z999AA10123456784\nFFFF-0000,DHL,1\n"
    text = f"{first_two}{number_of(second.pk)},DHL,\n{number_of(theirs.pk)},Post,T2"
    found = ship_many(lines=lines_in(text), by=seller)
    assert [each.outcome for each in found] == ["shipped", "refused", "refused", "refused"]
    assert (found[0].carrier, found[0].is_guessed) == ("UPS", True)
    assert "No paid order" in found[1].said
    assert "offered with tracking" in found[2].said
    assert "T1" in found[3].said
    shipment = Shipment.objects.get(trade=first)
    assert (shipment.carrier, shipment.tracking_number) == ("UPS", "1Z999AA10123456784")
    assert not Shipment.objects.filter(trade=second).exists()


@pytest.mark.django_db
def test_the_same_list_twice_changes_nothing(seller, paid):
    text = "".join(f"{number_of(paid().pk)},Post,N {number}\n" for number in range(3))
    assert outcomes(text, seller) == ["shipped"] * 3
    before = list(Shipment.objects.values_list())
    assert outcomes(text, seller) == ["already"] * 3
    assert list(Shipment.objects.values_list()) == before


@pytest.mark.django_db
def test_looking_changes_nothing(seller, paid):
    text = f"{number_of(paid().pk)},Post,N1\n{number_of(paid().pk)},,\nFFFF-0000,,1"
    assert outcomes(text, seller, only_look=True) == ["ready", "refused", "refused"]
    assert not Shipment.objects.exists()


@pytest.mark.django_db
def test_an_order_that_stands_twice_with_different_numbers_is_not_guessed(seller, paid):
    number = number_of(paid().pk)
    assert outcomes(f"{number},Post,N1\n{number},Post,N2", seller) == ["refused", "refused"]
    assert outcomes(f"{number},Post,N1\n{number},Post,N 1", seller) == ["shipped", "already"]


@pytest.mark.django_db
def test_somebody_elses_order_is_not_known(seller, paid, member):
    order = paid()
    assert outcomes(f"{order.pk},Post,N1", member) == ["refused"]
    assert outcomes(f"{order.pk},Post,N1", order.buyer) == ["refused"]
    assert outcomes(f"{order.pk},Post,N1", seller) == ["shipped"]
