"""What waits to be shipped, and the way along the shelves."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from apps.core.errors import InvalidInput, NotFound
from apps.escrow.models import Hold
from apps.inventory.models import Binder
from apps.trades.selling import orders
from apps.trades.selling.orders import Asked
from tests.factories import ADDRESS, make_item, make_listing, make_product, make_user, make_variant

pytestmark = pytest.mark.django_db


def waiting(seller, **asked):
    return [order.trade.pk for order in orders.to_ship(seller=seller, asked=Asked(**asked)).rows]


def test_paid_orders_wait_and_others_do_not(seller, paid):
    order = paid()
    for stage in ("created", "shipped", "cancelled", "refunded", "released"):
        paid(stage)
    assert waiting(seller) == [order.pk]
    assert orders.counts(seller=seller)["waiting"] == 1


def test_the_most_urgent_comes_first_and_is_told_how_late_it_is(seller, paid):
    new, old = paid(), paid()
    Hold.objects.filter(pk=old.hold_id).update(funded_at=timezone.now() - dt.timedelta(days=9, hours=1))
    page = orders.to_ship(seller=seller, asked=Asked())
    assert [each.trade.pk for each in page.rows] == [old.pk, new.pk]
    assert page.rows[0].late_words == "2 days late"
    assert not page.rows[1].is_late
    assert orders.counts(seller=seller) == {"waiting": 2, "late": 1, "soon": 1}
    assert waiting(seller, due="late") == [old.pk]


def test_orders_are_filtered_by_place_country_tracking_and_words(seller, paid):
    binder = Binder.objects.create(owner=seller, name="Holos")
    item = make_item(seller, make_variant(make_product("Zephyr Owl")), binder=binder)
    listed = paid(listing=make_listing(seller, item=item))
    abroad = paid(name="Bea", ship_to=ADDRESS | {"country": "US", "name": "Ünal"})
    assert waiting(seller, binder=binder.pk) == [listed.pk]
    assert waiting(seller, text="zephyr") == [listed.pk]
    assert waiting(seller, text="ünal") == [abroad.pk]
    assert waiting(seller, text=orders.number_of(abroad.pk)) == [abroad.pk]
    assert waiting(seller, to="abroad") == []
    assert len(waiting(seller, to="home", tracking=True)) == 2


def test_one_walk_picks_each_item_once_for_all_orders(seller, paid):
    first, second = Binder.objects.create(owner=seller, name="A"), Binder.objects.create(owner=seller, name="b")
    cards = {
        number: make_variant(make_product(f"Card {number}", number=number, code="one")) for number in ("10", "9", "2")
    }
    places = [(cards["10"], first, 3), (cards["9"], first, 1), (cards["2"], second, 1), (make_variant(), None, 1)]
    listings = [
        make_listing(seller, item=make_item(seller, variant, binder=binder, quantity=copies), quantity=copies)
        for variant, binder, copies in places
    ]
    trades = [paid(listing=listing) for listing in reversed(listings)]
    again = paid(listing=listings[0], quantity=2)
    picks = orders.pick_list(orders.chosen(seller=seller, ids=[]))
    assert [(pick.binder, pick.product.number) for pick in picks[:3]] == [("A", "9"), ("A", "10"), ("b", "2")]
    assert picks[3].binder == ""
    assert picks[1].quantity == 3
    assert sorted(picks[1].orders) == sorted([(orders.number_of(trades[3].pk), 1), (orders.number_of(again.pk), 2)])


def test_only_ones_own_paid_orders_can_be_chosen(seller, paid):
    order, unpaid = paid(), paid("created")
    assert [each.trade.pk for each in orders.chosen(seller=seller, ids=[order.pk])] == [order.pk]
    for seller_asking, ids in ((make_user(), [order.pk]), (seller, [unpaid.pk]), (seller, [order.pk, unpaid.pk])):
        with pytest.raises(NotFound):
            orders.chosen(seller=seller_asking, ids=ids)


def test_too_many_at_once_are_refused_in_words(seller, paid, monkeypatch):
    monkeypatch.setattr(orders, "MOST_AT_ONCE", 1)
    paid(), paid()
    with pytest.raises(InvalidInput, match="at most 1"):
        orders.chosen(seller=seller, ids=[])


def test_the_list_asks_as_often_for_many_as_for_one(seller, paid, django_assert_num_queries):
    paid()
    with django_assert_num_queries(3):
        orders.to_ship(seller=seller, asked=Asked())
    for _ in range(3):
        paid()
    with django_assert_num_queries(3):
        assert len(orders.to_ship(seller=seller, asked=Asked()).rows) == 4
