"""What happens to copies: they merge, are promised, change hands, and never twice."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from apps.core.errors import Conflict, InvalidInput, NotYours, UnsupportedType
from apps.core.models import OutboxEvent
from apps.inventory import actions
from apps.inventory.models import InventoryItem, Movement
from tests.factories import make_item, make_user, make_variant, picture_bytes
from tests.together import together

pytestmark = pytest.mark.django_db


def test_equal_copies_merge_into_one_item():
    owner, variant = make_user(), make_variant()
    first = make_item(owner, variant, quantity=2, unit_cost_minor=100)
    second = make_item(owner, variant, quantity=3, unit_cost_minor=100)
    assert first.pk == second.pk
    assert second.quantity == 5
    assert Movement.objects.filter(item=first).count() == 2


@pytest.mark.parametrize(
    "difference", [{"condition": "LP"}, {"unit_cost_minor": 200}, {"notes": "signed"}], ids=lambda d: next(iter(d))
)
def test_copies_that_differ_stay_apart(difference):
    owner, variant = make_user(), make_variant()
    same = {"unit_cost_minor": 100}
    assert make_item(owner, variant, **same).pk != make_item(owner, variant, **(same | difference)).pk


def test_graded_copies_never_merge():
    owner, variant = make_user(), make_variant()
    graded = {"condition": "", "grade_company": "PSA", "grade": Decimal("9")}
    first, second = make_item(owner, variant, **graded), make_item(owner, variant, **graded)
    assert first.pk != second.pk
    assert first.condition_label == "PSA 9"


def test_the_same_cause_adds_once():
    owner, variant = make_user(), make_variant()
    first = make_item(owner, variant, cause="scan-card:1")
    again = make_item(owner, variant, cause="scan-card:1")
    assert first.pk == again.pk
    assert InventoryItem.objects.get(pk=first.pk).quantity == 1


@pytest.mark.parametrize("quantity", [0, -1, 100_001])
def test_an_impossible_quantity_is_refused_with_its_field(quantity):
    with pytest.raises(InvalidInput) as error:
        make_item(quantity=quantity)
    assert error.value.details["field"] == "quantity"


def test_promised_copies_cannot_be_promised_again():
    item = make_item(quantity=2)
    actions.reserve(item_id=item.pk, quantity=2, cause="trade:a", by=None)
    with pytest.raises(actions.OutOfStock):
        actions.reserve(item_id=item.pk, quantity=1, cause="trade:b", by=None)


def test_a_repeated_reservation_counts_once():
    item = make_item(quantity=2)
    for _ in range(2):
        actions.reserve(item_id=item.pk, quantity=1, cause="trade:a", by=None)
    assert InventoryItem.objects.get(pk=item.pk).reserved == 1


def test_the_database_refuses_more_promises_than_copies():
    item = make_item(quantity=1)
    with pytest.raises(IntegrityError, match="item_reserved_within_quantity"), transaction.atomic():
        InventoryItem.objects.filter(pk=item.pk).update(reserved=2)


def test_copies_change_hands_once_and_keep_their_history():
    item, buyer = make_item(quantity=2), make_user()
    actions.reserve(item_id=item.pk, quantity=1, cause="trade:a", by=None)
    for _ in range(2):
        given = actions.hand_over(
            item_id=item.pk, quantity=1, to=buyer, unit_price_minor=500, currency="USD", cause="trade:a", by=None
        )
    item.refresh_from_db()
    assert (item.quantity, item.reserved) == (1, 0)
    assert (given.owner, given.quantity, given.unit_cost_minor) == (buyer, 1, 500)
    assert list(item.movements.order_by("created_at").values_list("kind", flat=True)) == [
        "acquired",
        "reserved",
        "sold",
    ]
    assert OutboxEvent.objects.filter(topic="inventory.item_handed_over").count() == 1


def test_only_the_owner_changes_an_item():
    item, stranger = make_item(), make_user()
    with pytest.raises(NotYours):
        actions.adjust_item(item=item, by=stranger, quantity=5)
    with pytest.raises(NotYours):
        actions.remove_item(item=item, by=stranger)


def test_promised_copies_stay_when_the_owner_counts_anew():
    item = make_item(quantity=3)
    actions.reserve(item_id=item.pk, quantity=2, cause="trade:a", by=None)
    with pytest.raises(Conflict, match="promised"):
        actions.adjust_item(item=item, by=item.owner, quantity=1)
    with pytest.raises(Conflict, match="promised"):
        actions.remove_item(item=item, by=item.owner)
    with pytest.raises(Conflict, match="condition"):
        actions.adjust_item(item=item, by=item.owner, condition="LP")


def test_a_photo_of_the_copy_is_kept_and_a_text_is_not():
    item = make_item()
    photo = actions.attach_photo(item=item, upload=io.BytesIO(picture_bytes()), by=item.owner)
    assert (photo.width, photo.height) == (120, 160)
    with pytest.raises(UnsupportedType):
        actions.attach_photo(item=item, upload=io.BytesIO(b"hello"), by=item.owner)


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_only_as_many_reserve_as_there_are_copies():
    item = make_item(quantity=3)
    outcomes = together(
        [
            lambda number=number: actions.reserve(item_id=item.pk, quantity=1, cause=f"trade:{number}", by=None)
            for number in range(8)
        ]
    )
    assert sum(isinstance(each, actions.OutOfStock) for each in outcomes) == 5
    item.refresh_from_db()
    assert item.reserved == 3


class Copies(RuleBasedStateMachine):
    """Random promises, releases, sales and recounts: copies are never lost, and promises never exceed them."""

    def __init__(self) -> None:
        super().__init__()
        self.item = make_item(quantity=5)
        self.buyer = make_user()
        self.open: dict[str, int] = {}
        self.number = 0

    @rule(quantity=st.integers(1, 4))
    def reserve(self, quantity: int) -> None:
        self.number += 1
        cause = f"trade:{self.number}"
        try:
            actions.reserve(item_id=self.item.pk, quantity=quantity, cause=cause, by=None)
            self.open[cause] = quantity
        except actions.OutOfStock:
            assert InventoryItem.objects.get(pk=self.item.pk).available < quantity

    @rule(data=st.data(), twice=st.booleans(), sell=st.booleans())
    def finish(self, data: st.DataObject, twice: bool, sell: bool) -> None:
        if not self.open:
            return
        cause = data.draw(st.sampled_from(sorted(self.open)))
        quantity = self.open.pop(cause)
        for _ in range(1 + twice):
            if sell:
                actions.hand_over(
                    item_id=self.item.pk, quantity=quantity, to=self.buyer, unit_price_minor=1, currency="USD",
                    cause=cause, by=None,
                )  # fmt: skip
            else:
                actions.release_reservation(item_id=self.item.pk, quantity=quantity, cause=cause, by=None)

    @invariant()
    def promises_are_kept(self) -> None:
        item = InventoryItem.objects.get(pk=self.item.pk)
        assert item.reserved == sum(self.open.values())
        sold = sum(InventoryItem.objects.filter(owner=self.buyer).values_list("quantity", flat=True))
        assert item.quantity + sold == 5


class TestCopies(HypothesisTestCase, Copies.TestCase):
    """The state machine above."""

    settings = hypothesis_settings(max_examples=15, stateful_step_count=15, deadline=None)
