"""The same key, the same answer: for a day, for refusals too, and never for another question."""

from __future__ import annotations

import threading

import pytest
import stripe

DAY = 86_400
CARD = {
    "amount": 5000,
    "currency": "usd",
    "payment_method": "pm_card_visa",
    "confirm": True,
    "payment_method_types": ["card"],
}


def pay(shop, key, **more):
    return shop.v1.payment_intents.create(CARD | more, {"idempotency_key": key})


def test_a_repeated_request_is_answered_once_and_done_once(any_shop):
    first, second = pay(any_shop, "k"), pay(any_shop, "k")
    assert first.id == second.id
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    assert second.last_response.headers["Original-Request"] == first.last_response.request_id
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert len(any_shop.v1.charges.list().data) == 1


def test_another_question_under_the_same_key_is_refused(any_shop):
    pay(any_shop, "k")
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        pay(any_shop, "k", amount=6000)
    with pytest.raises(stripe.IdempotencyError):
        any_shop.v1.customers.create({}, {"idempotency_key": "k"})


def test_a_key_is_forgotten_after_a_day(shop):
    first = pay(shop, "k")
    shop.sandbox.advance(DAY)
    assert pay(shop, "k").id != first.id


def test_a_decline_and_a_refusal_stay_what_they_were(shop):
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            pay(shop, "declined", payment_method="pm_card_chargeDeclined")
    assert len(shop.v1.charges.list().data) == 1
    payment, seller = shop.pay(), shop.seller(onboarded=False)
    params = {"amount": 100, "currency": "usd", "destination": seller, "source_transaction": payment.latest_charge}
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            shop.v1.transfers.create(params, {"idempotency_key": "early"})
    assert caught.value.headers["Idempotent-Replayed"] == "true"


def test_a_request_that_never_started_does_not_use_up_its_key(shop):
    with pytest.raises(stripe.InvalidRequestError):
        pay(shop, "k", amount=1)
    assert pay(shop, "k").status == "succeeded"


def test_two_at_the_same_time_are_done_once(http_shop):
    http_shop.sandbox.switches.slow_work = 0.4
    impatient = stripe.StripeClient(
        "sk_test_sandbox", base_addresses=http_shop.client._requestor._options.base_addresses, max_network_retries=0
    )
    outcomes = []

    def call():
        try:
            outcomes.append(impatient.v1.payment_intents.create(CARD, {"idempotency_key": "k"}).id)
        except stripe.StripeError as error:
            outcomes.append((error.http_status, error.error.code))

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(http_shop.v1.charges.list().data) == 1
    assert outcomes.count((409, "idempotency_key_in_use")) == 3


@pytest.mark.parametrize("switch", ["fail_next", "lose_next"])
def test_the_librarys_own_retries_do_a_thing_once(shop, switch):
    setattr(shop.sandbox.switches, switch, 2)
    assert shop.pay().status == "succeeded"
    assert len(shop.v1.charges.list().data) == 1


def test_keys_of_connected_accounts_are_their_own(shop):
    seller = shop.seller()
    first = shop.v1.customers.create({}, {"idempotency_key": "k"})
    second = shop.v1.customers.create({}, {"idempotency_key": "k", "stripe_account": seller})
    assert first.id != second.id
