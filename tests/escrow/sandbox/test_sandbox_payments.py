"""Payments with every kind of test card, captures, cancellations, refunds and disputes, in process and over HTTP."""

from __future__ import annotations

import pytest
import stripe

DAY = 86_400


def declined(shop, card, **more):
    with pytest.raises(stripe.CardError) as caught:
        shop.pay(card=card, **more)
    return caught.value


def test_a_card_pays_and_the_money_settles_after_two_days(any_shop):
    payment = any_shop.pay(10_000, expand=["latest_charge.balance_transaction"])
    movement = payment.latest_charge.balance_transaction
    assert (payment.status, payment.amount_received) == ("succeeded", 10_000)
    assert (movement.fee, movement.net) == (320, 9680)
    assert any_shop.balance() == (0, 9680)
    any_shop.sandbox.advance(2 * DAY)
    assert any_shop.balance() == (9680, 0)


@pytest.mark.parametrize(
    ("number", "code", "reason"),
    [
        ("4000000000000002", "card_declined", "generic_decline"),
        ("4000000000009995", "card_declined", "insufficient_funds"),
        ("4000000000009987", "card_declined", "lost_card"),
        ("4000000000009979", "card_declined", "stolen_card"),
        ("4000000000000069", "expired_card", None),
        ("4000000000000127", "incorrect_cvc", None),
        ("4000000000000119", "processing_error", None),
        ("4100000000000019", "card_declined", "fraudulent"),
    ],
)
def test_the_documented_numbers_are_declined_as_documented(shop, number, code, reason):
    method = shop.v1.payment_methods.create(
        {"type": "card", "card": {"number": number, "exp_month": 12, "exp_year": 2040, "cvc": "123"}}
    )
    error = declined(shop, method.id)
    assert (error.http_status, error.code, getattr(error.error, "decline_code", None)) == (402, code, reason)
    kept = shop.v1.payment_intents.retrieve(error.error.payment_intent.id)
    assert (kept.status, kept.last_payment_error.code, kept.amount_received) == ("requires_payment_method", code, 0)
    assert shop.v1.charges.retrieve(error.error.charge).status == "failed"
    assert shop.balance() == (0, 0)


def test_a_declined_payment_can_be_tried_again_with_another_card(any_shop):
    error = declined(any_shop, "pm_card_visa_chargeDeclinedInsufficientFunds")
    again = any_shop.v1.payment_intents.confirm(error.error.payment_intent.id, {"payment_method": "pm_card_visa"})
    assert again.status == "succeeded"
    assert again.last_payment_error is None


@pytest.mark.parametrize(
    ("card", "param", "code"),
    [
        ({"number": "4242424242424241"}, "number", "incorrect_number"),
        ({"exp_month": 13}, "exp_month", "invalid_expiry_month"),
        ({"exp_year": 2001}, "exp_year", "invalid_expiry_year"),
        ({"cvc": "12"}, "cvc", "invalid_cvc"),
        ({"number": "4111111111111111"}, None, "card_declined"),
    ],
)
def test_a_card_that_cannot_be_is_refused_before_it_is_written_down(shop, card, param, code):
    details = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040, "cvc": "123"} | card
    with pytest.raises(stripe.CardError) as caught:
        shop.v1.payment_methods.create({"type": "card", "card": details})
    assert (caught.value.param, caught.value.code) == (param, code)
    assert shop.v1.payment_methods.list().data == []


def test_only_the_last_four_digits_of_a_card_are_ever_shown(shop):
    shop.pay()
    shown = shop.sandbox.books.query("SELECT body FROM objects")
    assert not any("4242424242424242" in row[0] for row in shown)


def test_three_d_secure_waits_for_the_cardholder(any_shop):
    payment = any_shop.pay(card="pm_card_authenticationRequired", return_url="https://shop.example/back")
    assert payment.status == "requires_action"
    assert payment.next_action.type == "redirect_to_url"
    assert payment.next_action.redirect_to_url.return_url == "https://shop.example/back"
    assert payment.latest_charge is None


def test_off_session_payments_that_need_the_cardholder_are_declined(shop):
    error = declined(shop, "pm_card_threeDSecure2Required", off_session=True)
    assert error.code == "authentication_required"


def test_redirects_must_be_possible_or_ruled_out(shop):
    params = {"amount": 500, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    with pytest.raises(stripe.InvalidRequestError, match="return_url"):
        shop.v1.payment_intents.create(params)
    ruled_out = {"automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
    assert shop.v1.payment_intents.create(params | ruled_out).status == "succeeded"


def test_an_authorisation_is_captured_in_part_and_the_rest_let_go(shop):
    payment = shop.pay(10_000, capture_method="manual")
    assert (payment.status, payment.amount_capturable, shop.balance()) == ("requires_capture", 10_000, (0, 0))
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.v1.payment_intents.capture(payment.id, {"amount_to_capture": 10_001})
    assert caught.value.code == "amount_too_large"
    captured = shop.v1.payment_intents.capture(payment.id, {"amount_to_capture": 6000})
    charge = shop.v1.charges.retrieve(captured.latest_charge)
    assert (captured.status, captured.amount_received, charge.amount_captured) == ("succeeded", 6000, 6000)
    assert charge.amount_refunded == 4000
    assert shop.balance() == (0, 6000 - 204)


def test_an_authorisation_that_nobody_captures_is_let_go_after_a_week(shop):
    payment = shop.pay(capture_method="manual")
    shop.sandbox.advance(7 * DAY)
    found = shop.v1.payment_intents.retrieve(payment.id)
    assert (found.status, found.cancellation_reason) == ("canceled", "automatic")


def test_a_payment_that_was_made_cannot_be_cancelled(any_shop):
    payment = any_shop.pay()
    with pytest.raises(stripe.InvalidRequestError) as caught:
        any_shop.v1.payment_intents.cancel(payment.id)
    assert caught.value.code == "payment_intent_unexpected_state"


def test_refunds_never_exceed_the_charge(any_shop):
    payment = any_shop.pay(5000)
    first = any_shop.v1.refunds.create({"payment_intent": payment.id, "amount": 3000})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        any_shop.v1.refunds.create({"payment_intent": payment.id, "amount": 2001})
    any_shop.v1.refunds.create({"charge": payment.latest_charge})
    with pytest.raises(stripe.InvalidRequestError) as caught:
        any_shop.v1.refunds.create({"charge": payment.latest_charge})
    charge = any_shop.v1.charges.retrieve(payment.latest_charge, {"expand": ["refunds"]})
    assert caught.value.code == "charge_already_refunded"
    assert (charge.amount_refunded, charge.refunded) == (5000, True)
    assert [refund.amount for refund in charge.refunds.data] == [2000, 3000]
    assert first.status == "succeeded"


def test_a_slow_refund_arrives_and_a_failed_one_brings_the_money_back(shop):
    slow = shop.v1.refunds.create({"payment_intent": shop.pay(card="pm_card_pendingRefund").id})
    payment = shop.pay(card="pm_card_refundFail")
    failing = shop.v1.refunds.create({"payment_intent": payment.id})
    assert slow.status == "pending"
    shop.sandbox.advance(DAY)
    assert shop.v1.refunds.retrieve(slow.id).status == "succeeded"
    failed = shop.v1.refunds.retrieve(failing.id)
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    assert shop.v1.charges.retrieve(payment.latest_charge).amount_refunded == 0
    assert sum(shop.balance()) == 2 * (5000 - 175) - 5000
    assert shop.sandbox.events("refund.failed")


def test_a_dispute_takes_amount_and_fee_and_winning_brings_the_amount_back(any_shop):
    payment = any_shop.pay(5000, card="pm_card_createDispute")
    dispute = any_shop.v1.disputes.list({"payment_intent": payment.id}).data[0]
    assert (dispute.status, dispute.reason) == ("needs_response", "fraudulent")
    assert sum(any_shop.balance()) == 4825 - 5000 - 1500
    with pytest.raises(stripe.InvalidRequestError) as caught:
        any_shop.v1.refunds.create({"payment_intent": payment.id})
    assert caught.value.code == "charge_disputed"
    won = any_shop.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    assert won.status == "won"
    assert sum(any_shop.balance()) == 4825 - 1500
    assert [event["type"] for event in any_shop.sandbox.events() if "dispute" in event["type"]] == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.updated",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
    ]


def test_a_dispute_is_lost_by_evidence_by_giving_in_and_by_silence(shop):
    disputes = []
    for _ in range(3):
        shop.pay(card="pm_card_createProductNotReceived")
        disputes.append(shop.v1.disputes.list().data[0].id)
    shop.v1.disputes.update(disputes[0], {"evidence": {"uncategorized_text": "losing_evidence"}})
    shop.v1.disputes.close(disputes[1])
    shop.sandbox.advance(9 * DAY)
    assert {shop.v1.disputes.retrieve(dispute).status for dispute in disputes} == {"lost"}


def test_an_inquiry_moves_no_money_and_can_be_refunded(shop):
    payment = shop.pay(5000, card="pm_card_createDisputeInquiry")
    dispute = shop.v1.disputes.list().data[0]
    assert (dispute.status, dispute.balance_transactions) == ("warning_needs_response", [])
    assert shop.v1.refunds.create({"payment_intent": payment.id}).status == "succeeded"


def test_customers_keep_their_cards(shop):
    customer = shop.v1.customers.create({"email": "a@example.com", "metadata": {"member": "7", "old": "x"}})
    method = shop.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    changed = shop.v1.customers.update(customer.id, {"metadata": {"old": ""}, "name": "Ada"})
    assert [each.id for each in shop.v1.customers.payment_methods.list(customer.id).data] == [method.id]
    assert changed.metadata.to_dict() == {"member": "7"}
    assert shop.v1.customers.list({"email": "a@example.com"}).data[0].name == "Ada"
    with pytest.raises(stripe.CardError):
        shop.v1.payment_methods.attach("pm_card_chargeDeclined", {"customer": customer.id})
    assert shop.v1.customers.delete(customer.id).deleted
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        shop.v1.customers.retrieve(customer.id)


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"currency": "usd"}, "parameter_missing", "amount"),
        ({"amount": 49, "currency": "usd"}, "amount_too_small", "amount"),
        ({"amount": -5, "currency": "usd"}, "parameter_invalid_integer", "amount"),
        ({"amount": "12.5", "currency": "usd"}, "parameter_invalid_integer", "amount"),
        ({"amount": 100_000_000, "currency": "usd"}, "amount_too_large", "amount"),
        ({"amount": 500, "currency": "xxx"}, None, "currency"),
        ({"amount": 500, "currency": "usd", "colour": "red"}, "parameter_unknown", "colour"),
        ({"amount": 500, "currency": "usd", "shipping": {}, "metadata": {"a": "b" * 501}}, None, "metadata[a]"),
        ({"amount": 500, "currency": "usd", "payment_method": "pm_nobody"}, "resource_missing", "payment_method"),
        ({"amount": 500, "currency": "usd", "payment_method": "pm_card_gold"}, "resource_missing", "payment_method"),
    ],
)
def test_a_request_that_is_wrong_says_what_is_wrong(any_shop, params, code, param):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        any_shop.v1.payment_intents.create(params)
    assert (caught.value.http_status, caught.value.code, caught.value.param) == (400, code, param)
    assert caught.value.request_id.startswith("req_")
    assert any_shop.v1.payment_intents.list().data == []


def test_nobody_gets_in_without_the_key(any_shop):
    wrong = stripe.StripeClient(
        "sk_test_wrongwrongwrong",
        http_client=any_shop.client._requestor._client,
        base_addresses=any_shop.client._requestor._options.base_addresses,
    )
    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key provided"):
        wrong.v1.balance.retrieve()


def test_lists_are_paged_newest_first_in_both_directions(any_shop):
    made = [any_shop.v1.customers.create({"name": str(number)}).id for number in range(7)]
    page = any_shop.v1.customers.list({"limit": 3})
    assert ([each.name for each in page.data], page.has_more) == (["6", "5", "4"], True)
    assert [each.id for each in page.auto_paging_iter()] == made[::-1]
    back = any_shop.v1.customers.list({"limit": 2, "ending_before": made[2]})
    assert [each.name for each in back.data] == ["4", "3"]
    with pytest.raises(stripe.InvalidRequestError):
        any_shop.v1.customers.list({"limit": 101})


def test_what_cannot_be_expanded_is_refused(shop):
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        shop.v1.payment_intents.create({"amount": 500, "currency": "usd", "expand": ["status"]})
    page = shop.v1.payment_intents.list({"expand": ["data.latest_charge"]})
    assert page.data == []


def test_the_version_of_the_library_is_answered(shop):
    answer = shop.v1.balance.retrieve().last_response
    assert answer.headers["Stripe-Version"] == stripe.api_version
    with pytest.raises(stripe.InvalidRequestError, match="Invalid Stripe API version"):
        shop.v1.balance.retrieve(options={"stripe_version": "yesterday"})


def test_unknown_addresses_are_not_found(shop):
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
        shop.v1.products.list()
