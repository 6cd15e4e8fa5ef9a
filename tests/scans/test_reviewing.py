"""What members make of the cards found: corrections are kept as truth, and confirming adds each card once."""

from __future__ import annotations

import uuid

import pytest

from apps.core.errors import InvalidInput, NotYours
from apps.inventory.models import InventoryItem, Movement
from apps.scans import actions
from apps.scans.models import Correction, Scan
from tests.factories import make_user, make_variant
from tests.scans.conftest import cards_of, make_scan
from tests.together import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def card(member):
    return cards_of(make_scan(member))[0]


def choose(card, **told):
    return actions.choose(card=card, by=None, **told)


def test_another_printing_is_kept_as_a_correction(member, card):
    proposed, other = card.variant, make_variant()
    actions.choose(card=card, by=member, variant=other)
    note = Correction.objects.get()
    assert (note.card, note.proposed, note.chosen, note.by) == (card, proposed, other, member)
    choose(card, variant=proposed)
    assert not Correction.objects.exists()


def test_none_of_these_is_truth_too_and_keeps_the_card_open(card):
    proposed = card.variant
    card = choose(card, none_of_these=True)
    assert (card.variant, card.state, card.is_none_of_these) == (None, "open", True)
    assert (Correction.objects.get().proposed, Correction.objects.get().chosen) == (proposed, None)


def test_not_a_card_can_be_taken_back(card):
    assert choose(card, dismissed=True).state == "dismissed"
    assert choose(card, dismissed=False).state == "open"


def test_condition_and_quantity(card):
    card = choose(card, condition="LP", quantity=3)
    assert (card.condition, card.quantity, card.state) == ("LP", 3, "open")


@pytest.mark.parametrize("told", [{"quantity": 0}, {"quantity": 1000}, {"condition": "XX"}])
def test_what_makes_no_sense_is_refused(card, told):
    with pytest.raises(InvalidInput):
        choose(card, **told)


def test_confirmed_cards_are_in_the_inventory_with_their_provenance_and_photo(member):
    scan = make_scan(member)
    card = choose(cards_of(scan)[0], condition="LP", quantity=2)
    (item,) = actions.confirm(scan=scan, by=member)
    assert (item.owner, item.variant, item.condition, item.quantity) == (member, card.variant, "LP", 2)
    assert item.provenance == {
        "from": "scan", "scan_id": str(scan.pk), "card_ids": [str(card.pk)], "probability": 0.9, "engines": {},
    }  # fmt: skip
    assert item.photos.count() == 1
    assert Movement.objects.get().kind == "scanned"
    card.refresh_from_db()
    scan.refresh_from_db()
    assert (card.state, card.item, scan.state) == ("confirmed", item, "confirmed")
    with pytest.raises(actions.AlreadyKept):
        choose(card, quantity=5)


def test_equal_cards_become_one_item_and_unlike_ones_do_not(member):
    scan = make_scan(member, cards=3, variants=[make_variant()])
    choose(cards_of(scan)[2], condition="HP")
    items = actions.confirm(scan=scan, by=member)
    assert sorted((item.condition, item.quantity) for item in items) == [("HP", 1), ("NM", 2)]


def test_what_has_no_choice_stays_open_and_what_is_dismissed_is_left_out(member):
    scan = make_scan(member, cards=3)
    first, second, _ = cards_of(scan)
    choose(first, none_of_these=True)
    choose(second, dismissed=True)
    assert len(actions.confirm(scan=scan, by=member)) == 1
    scan.refresh_from_db()
    assert scan.state == "review"
    choose(first, variant=make_variant())
    actions.confirm(scan=scan, by=member)
    scan.refresh_from_db()
    assert (scan.state, InventoryItem.objects.count()) == ("confirmed", 2)


def test_only_the_named_cards_are_confirmed(member):
    scan = make_scan(member, cards=2)
    cards = cards_of(scan)
    actions.confirm(scan=scan, by=member, cards=[cards[1].pk, uuid.uuid4()])
    assert [card.state for card in cards_of(scan)] == ["open", "confirmed"]


def test_a_lost_picture_keeps_nobody_from_the_inventory(member, media):
    scan = make_scan(member)
    (media / cards_of(scan)[0].crop).unlink()
    (item,) = actions.confirm(scan=scan, by=member)
    assert item.photos.count() == 0


def test_nobody_confirms_anothers_scan(member):
    with pytest.raises(NotYours):
        actions.confirm(scan=make_scan(member), by=make_user())


def test_confirming_twice_adds_once(member):
    scan = make_scan(member, cards=2)
    assert len(actions.confirm(scan=scan, by=member)) == 2
    assert actions.confirm(scan=scan, by=member) == []
    assert InventoryItem.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_confirming_in_many_hands_at_once_adds_once(member):
    scan = make_scan(member, cards=3)
    kept = together([lambda: len(actions.confirm(scan=Scan.objects.get(pk=scan.pk), by=member))] * 4)
    assert sorted(kept) == [0, 0, 0, 3]
    assert sorted(InventoryItem.objects.values_list("quantity", flat=True)) == [1, 1, 1]
