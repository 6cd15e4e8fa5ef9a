"""Connected accounts, transfers, reversals, balances and payouts."""

from __future__ import annotations

import pytest
import stripe

DAY = 86_400


def refused(call, *args, **kwargs):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        call(*args, **kwargs)
    return caught.value


def test_a_seller_who_has_not_onboarded_cannot_be_paid(any_shop):
    seller = any_shop.seller(onboarded=False)
    account = any_shop.v1.accounts.retrieve(seller)
    assert (account.capabilities.transfers, account.details_submitted) == ("inactive", False)
    assert account.requirements.currently_due
    error = refused(any_shop.transfer, 100, seller, any_shop.pay().latest_charge)
    assert error.code == "insufficient_capabilities_for_transfer"
    assert "onboarding" in str(refused(any_shop.v1.accounts.login_links.create, seller))


def test_a_transfer_is_accepted_before_the_charge_has_settled(any_shop):
    seller = any_shop.seller()
    charge = any_shop.pay(5000, transfer_group="hold-1").latest_charge
    sent = any_shop.transfer(4500, seller, charge)
    assert (sent.transfer_group, sent.source_transaction, any_shop.balance()) == ("hold-1", charge, (0, 325))
    assert any_shop.balance(seller) == (0, 4500)
    payment = any_shop.v1.transfers.retrieve(sent.id, {"expand": ["destination_payment"]}).destination_payment
    assert (payment.amount, payment.source_transfer) == (4500, sent.id)
    any_shop.sandbox.advance(2 * DAY)
    assert any_shop.balance(seller) == (4500, 0)


def test_transfers_of_one_charge_never_exceed_what_is_left_of_it(any_shop):
    seller = any_shop.seller()
    payment = any_shop.pay(5000)
    any_shop.v1.refunds.create({"payment_intent": payment.id, "amount": 1000})
    any_shop.transfer(3000, seller, payment.latest_charge)
    assert refused(any_shop.transfer, 1001, seller, payment.latest_charge).code == "balance_insufficient"
    assert any_shop.transfer(1000, seller, payment.latest_charge).amount == 1000


def test_without_a_charge_only_the_available_balance_can_be_sent(shop):
    seller = shop.seller()
    shop.pay(10_000)
    assert refused(shop.transfer, 100, seller).code == "balance_insufficient"
    shop.pay(10_000, card="pm_card_bypassPending")
    assert shop.transfer(9680, seller).amount == 9680
    assert refused(shop.transfer, 1, seller).code == "balance_insufficient"


def test_a_transfer_keeps_currency_and_group_of_its_charge(shop):
    seller = shop.seller()
    charge = shop.pay(5000, transfer_group="hold-1").latest_charge
    assert refused(shop.transfer, 100, seller, charge, currency="eur").param == "currency"
    assert refused(shop.transfer, 100, seller, charge, transfer_group="hold-2").param == "transfer_group"
    assert refused(shop.transfer, 100, "acct_nobody", charge).param == "destination"
    loose = shop.pay(5000).latest_charge
    assert shop.transfer(100, seller, loose).transfer_group == f"group_{loose}"


def test_transfers_are_found_by_group(shop):
    seller = shop.seller()
    for group in ("hold-1", "hold-2"):
        shop.transfer(100, seller, shop.pay(transfer_group=group).latest_charge)
    assert [each.transfer_group for each in shop.v1.transfers.list({"transfer_group": "hold-2"}).data] == ["hold-2"]


def test_a_reversal_brings_money_back_until_it_has_been_paid_out(shop):
    seller = shop.seller(interval="daily")
    sent = shop.transfer(4000, seller, shop.pay(5000).latest_charge)
    back = shop.v1.transfers.reversals.create(sent.id, {"amount": 1500})
    assert (back.amount, back.transfer) == (1500, sent.id)
    assert refused(shop.v1.transfers.reversals.create, sent.id, {"amount": 2501}).param == "amount"
    shop.sandbox.advance(2 * DAY)
    assert shop.balance(seller) == (0, 0)
    assert [payout.amount for payout in shop.v1.payouts.list(options={"stripe_account": seller}).data] == [2500]
    assert refused(shop.v1.transfers.reversals.create, sent.id).code == "balance_insufficient"
    assert shop.v1.transfers.retrieve(sent.id).amount_reversed == 1500


def test_a_payout_takes_what_is_available_and_arrives_two_days_later(any_shop):
    any_shop.pay(10_000)
    assert refused(any_shop.v1.payouts.create, {"amount": 100, "currency": "usd"}).code == "balance_insufficient"
    any_shop.sandbox.advance(2 * DAY)
    payout = any_shop.v1.payouts.create({"amount": 9000, "currency": "usd"})
    assert (payout.status, any_shop.balance()) == ("pending", (680, 0))
    any_shop.sandbox.advance(2 * DAY)
    assert any_shop.v1.payouts.retrieve(payout.id).status == "paid"
    called_back = any_shop.v1.payouts.create({"amount": 100, "currency": "usd"})
    assert any_shop.v1.payouts.cancel(called_back.id).status == "canceled"
    assert any_shop.balance() == (680, 0)


def test_the_platform_is_never_paid_out_by_itself(shop):
    shop.pay(10_000)
    shop.sandbox.advance(30 * DAY)
    assert shop.balance() == (9680, 0)


def test_the_guard_refuses_a_refund_of_money_that_was_passed_on(shop):
    seller = shop.seller()
    payment = shop.pay(5000)
    sent = shop.transfer(4500, seller, payment.latest_charge)
    shop.sandbox.switches.guard_refunds = True
    error = refused(shop.v1.refunds.create, {"payment_intent": payment.id})
    assert error.code == "refund_after_transfer"
    shop.v1.transfers.reversals.create(sent.id)
    assert shop.v1.refunds.create({"payment_intent": payment.id}).amount == 5000


def test_movements_are_found_by_what_caused_them(shop):
    payment = shop.pay(5000)
    refund = shop.v1.refunds.create({"payment_intent": payment.id, "amount": 700})
    found = shop.v1.balance_transactions.list({"source": refund.id}).data
    assert [(each.type, each.net, each.source) for each in found] == [("refund", -700, refund.id)]
    assert [each.type for each in shop.v1.balance_transactions.list({"type": "charge"}).data] == ["charge"]


def test_an_account_with_money_cannot_be_deleted(shop):
    seller = shop.seller()
    shop.transfer(100, seller, shop.pay().latest_charge)
    refused(shop.v1.accounts.delete, seller)
    assert shop.v1.accounts.delete(shop.seller(onboarded=False)).deleted


def test_an_unknown_account_may_not_be_seen(any_shop):
    with pytest.raises(stripe.PermissionError) as caught:
        any_shop.v1.accounts.retrieve("acct_nobody")
    assert caught.value.error.code == "account_invalid"
    with pytest.raises(stripe.PermissionError):
        any_shop.balance("acct_nobody")
