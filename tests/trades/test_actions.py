"""A purchase from the promise to the last step, with the money, the copies and the room following."""

from __future__ import annotations

import pytest

from apps.core import outbox
from apps.core.errors import Conflict, InvalidInput, NotYours
from apps.escrow import actions as escrow
from apps.escrow import ledger
from apps.escrow.models import Hold
from apps.inventory.actions import OutOfStock
from apps.inventory.models import InventoryItem
from apps.trades import actions, queries
from apps.trades.models import Trade
from tests.cases import decided
from tests.factories import ADDRESS, make_listing, make_trade, make_user
from tests.together import together

pytestmark = pytest.mark.django_db


def paid(trade: Trade) -> Trade:
    payment = actions.pay(trade=trade, by=trade.buyer, payment_method="pm_card_visa")
    assert payment.state == "succeeded"
    return fresh(trade)


def fresh(trade: Trade) -> Trade:
    return Trade.objects.select_related("hold").get(pk=trade.pk)


def shipped(trade: Trade) -> Trade:
    actions.ship(trade=paid(trade), by=trade.seller, carrier="Post", tracking_number="T1")
    return fresh(trade)


def test_buying_reserves_the_copies_and_asks_for_the_money():
    listing = make_listing(quantity=3, price_minor=1000)
    trade = make_trade(listing, quantity=2)
    listing.refresh_from_db()
    item = InventoryItem.objects.get(pk=listing.item_id)
    assert (listing.quantity, item.quantity, item.reserved) == (1, 3, 2)
    assert trade.hold.state == "created"
    assert trade.hold.amount_minor == 2000 + listing.shipping.rates.get(destination="HOME").price_minor
    assert queries.next_step(trade).who == "buyer"


def test_the_whole_way_moves_money_and_copies(company):
    trade = make_trade()
    company.onboard(trade.seller)
    escrow.refresh_seller_account(user=trade.seller)
    trade = shipped(trade)
    actions.confirm_delivery(trade=trade, by=trade.buyer)
    actions.release(trade=trade, by=trade.buyer)
    outbox.relay()
    trade = fresh(trade)
    assert (trade.state, trade.hold.state) == ("completed", "released")
    mine = InventoryItem.objects.get(owner=trade.buyer)
    assert (mine.quantity, mine.unit_cost_minor) == (1, 1250)
    assert InventoryItem.objects.get(owner=trade.seller).quantity == 0
    assert escrow.settle_due() == 1
    (transfer,) = company.objects("transfer")
    assert transfer["amount"] == trade.hold.amount_minor - trade.hold.fee_minor
    assert ledger.check() == []
    said = " ".join(trade.messages.values_list("body", flat=True))
    assert "held" in said
    assert "released to the seller" in said


def test_a_declined_card_leaves_the_trade_open_for_another_try(company):
    trade = make_trade()
    payment = actions.pay(trade=trade, by=trade.buyer, payment_method="pm_card_chargeDeclined")
    assert payment.state == "failed"
    assert payment.failure_message
    assert paid(trade).hold.state == "funded"


def test_a_cancelled_trade_puts_the_copies_back_on_sale():
    listing = make_listing(quantity=1)
    trade = make_trade(listing)
    actions.cancel(trade=trade, by=trade.buyer)
    outbox.relay()
    listing.refresh_from_db()
    item = InventoryItem.objects.get(pk=listing.item_id)
    assert (fresh(trade).state, listing.state, listing.quantity, item.reserved) == ("cancelled", "active", 1, 0)


def test_nobody_pays_in_time_and_the_copies_are_free_again():
    trade = make_trade()
    Hold.objects.filter(pk=trade.hold_id).update(due_at="2020-01-01T00:00:00Z")
    escrow.sweep_deadlines()
    outbox.relay()
    assert fresh(trade).state == "cancelled"
    assert InventoryItem.objects.get(pk=trade.lines.get().item_id).reserved == 0


def test_the_same_request_buys_once():
    listing, buyer = make_listing(quantity=2), make_user()
    first = make_trade(listing, buyer, request_key="click-1")
    second = make_trade(listing, buyer, request_key="click-1")
    assert first.pk == second.pk
    listing.refresh_from_db()
    assert listing.quantity == 1


@pytest.mark.parametrize("missing", ["name", "line1", "city", "postal_code", "country"])
def test_an_incomplete_address_is_refused_and_nothing_is_reserved(missing):
    listing = make_listing()
    with pytest.raises(InvalidInput) as error:
        make_trade(listing, ship_to=ADDRESS | {missing: " "})
    assert missing in error.value.details["fields"]
    listing.refresh_from_db()
    assert listing.quantity == 1


def test_one_does_not_buy_from_oneself():
    listing = make_listing()
    with pytest.raises(InvalidInput, match="own"):
        make_trade(listing, listing.seller)


def test_a_country_that_is_not_served_is_said():
    listing = make_listing(make_user(country="DE"))
    listing.shipping.rates.filter(destination="WORLD").delete()
    with pytest.raises(InvalidInput, match="does not ship"):
        make_trade(listing)


def test_a_new_seller_reaches_the_limit_of_open_sales(settings):
    settings.NEW_SELLER_OPEN_LIMIT_MINOR = 2000
    seller = make_user()
    make_trade(make_listing(seller, price_minor=1500))
    with pytest.raises(actions.SellerLimit):
        make_trade(make_listing(seller, price_minor=1500))


def test_strangers_do_nothing_in_a_trade(company):
    trade, stranger = shipped(make_trade()), make_user()
    for action in (actions.confirm_delivery, actions.release, actions.cancel):
        with pytest.raises(NotYours):
            action(trade=trade, by=stranger)
    with pytest.raises(NotYours):
        actions.say(trade=trade, by=stranger, body="hello")
    with pytest.raises(NotYours):
        actions.release(trade=trade, by=trade.seller)


def test_a_tracked_parcel_needs_its_number(company):
    trade = paid(make_trade())
    with pytest.raises(InvalidInput) as error:
        actions.ship(trade=trade, by=trade.seller)
    assert error.value.details["field"] == "tracking_number"
    assert fresh(trade).hold.state == "funded"


def test_a_moderator_settles_a_case_for_the_buyer(company):
    trade = shipped(make_trade())
    actions.confirm_delivery(trade=trade, by=trade.buyer)
    case = actions.open_dispute(trade=trade, by=trade.buyer, reason="wrong-item", statement="Another printing.")
    escrow.answer_dispute(dispute=case, by=trade.seller, statement="It is the right one.")
    decided(case, by=make_user(role="moderator"), outcome="refund", decision="It is not.")
    outbox.relay()
    escrow.settle_due()
    assert fresh(trade).state == "cancelled"
    assert [refund["amount"] for refund in company.objects("refund")] == [trade.total_minor]
    assert ledger.check() == []


def test_reviews_are_hidden_until_both_are_in(company):
    trade = shipped(make_trade())
    with pytest.raises(Conflict, match="completed"):
        actions.review(trade=trade, by=trade.buyer, rating=5)
    actions.release(trade=trade, by=trade.buyer)
    outbox.relay()
    actions.review(trade=trade, by=trade.buyer, rating=5, body="Quick.")
    assert list(queries.visible_reviews(subject=trade.seller)) == []
    actions.review(trade=trade, by=trade.seller, rating=4)
    assert [r.rating for r in queries.visible_reviews(subject=trade.seller)] == [5]
    with pytest.raises(Conflict, match="already"):
        actions.review(trade=trade, by=trade.buyer, rating=1)


def test_a_handler_that_runs_twice_moves_copies_once(company):
    trade = shipped(make_trade())
    actions.release(trade=trade, by=trade.buyer)
    for _ in range(2):
        actions.close(hold_id=trade.hold_id, outcome="released")
    assert InventoryItem.objects.get(owner=trade.buyer).quantity == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_buyers_of_the_last_copy_exactly_one_gets_it():
    listing = make_listing(quantity=1)
    buyers = [make_user(), make_user()]
    outcomes = together([lambda buyer=buyer: make_trade(listing, buyer) for buyer in buyers])
    assert sum(isinstance(each, OutOfStock) for each in outcomes) == 1
    assert Trade.objects.count() == 1
