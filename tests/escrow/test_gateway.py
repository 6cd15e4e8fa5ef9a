"""The gateway: what we ask of the payment processor and what we make of its answers, against the sandbox."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
import stripe
from pydantic import ValidationError

from apps.escrow import gateway
from apps.escrow.gateway import connection
from apps.escrow.sandbox.client import SandboxHTTPClient
from apps.escrow.sandbox.company import Sandbox
from apps.escrow.sandbox.resources import onboarding
from apps.escrow.sandbox.server import application
from config.env import Environment
from tests.site import serving

DAY = 86_400
HOLD = "0190f6f0-0000-7000-8000-000000000007"


@pytest.fixture
def sandbox(settings):
    """A sandbox behind the gateway."""
    settings.STRIPE_SECRET_KEY = "sk_test_sandbox"
    settings.STRIPE_API_BASE = ""
    settings.STRIPE_WEBHOOK_SECRET = "whsec_sandbox"
    made = Sandbox()
    before = gateway.use_http_client(SandboxHTTPClient(made))
    yield made
    gateway.use_http_client(before)
    made.close()


@pytest.fixture
def served():
    """The address of a sandbox behind HTTP."""
    made = Sandbox()
    with serving(application(made)) as port:
        yield f"http://127.0.0.1:{port}"
    made.close()


def pay(card="pm_card_visa", *, amount=5000, key="payment-1", return_url="https://shop.example/back"):
    return gateway.create_payment(
        hold_id=HOLD,
        amount_minor=amount,
        currency="USD",
        payment_method=card,
        description="Charizard",
        transfer_group=f"hold:{HOLD}",
        return_url=return_url,
        idempotency_key=key,
    )


def check_out(*, key="checkout-1", expires_at=None, email="buyer@example.com"):
    return gateway.create_checkout(
        hold_id=HOLD,
        amount_minor=5000,
        currency="USD",
        description="Charizard",
        success_url="https://shop.example/paid?session={CHECKOUT_SESSION_ID}",
        cancel_url="https://shop.example/trade",
        transfer_group=f"hold:{HOLD}",
        customer_email=email,
        expires_at=expires_at or datetime.now(UTC) + timedelta(hours=5),
        idempotency_key=key,
    )


def seller(sandbox, *, onboarded=True):
    made = gateway.create_seller_account(
        email="seller@example.com", country="us", member_id="7", idempotency_key="seller-7"
    )
    if onboarded:
        with sandbox.work() as desk:
            onboarding.onboard(desk, desk.get("account", made.id), {})
    return made.id


def send(account, charge, *, amount=4500, key="transfer-1"):
    return gateway.transfer(
        hold_id=HOLD,
        account_id=account,
        amount_minor=amount,
        currency="USD",
        charge_id=charge,
        transfer_group=f"hold:{HOLD}",
        idempotency_key=key,
    )


# -- paying --------------------------------------------------------------------
def test_a_payment_carries_its_hold(sandbox):
    payment = pay()
    assert payment.is_paid
    assert (payment.amount_minor, payment.amount_received_minor, payment.currency) == (5000, 5000, "USD")
    assert payment.metadata == {"hold_id": HOLD}
    assert payment.charge_id.startswith("ch_")
    assert gateway.retrieve_payment(payment.id) == payment


def test_a_declined_attempt_is_an_answer_with_its_reason(sandbox):
    payment = pay("pm_card_visa_chargeDeclinedInsufficientFunds")
    assert payment.is_declined
    assert (payment.failure_code, payment.failure_message) == (
        "insufficient_funds",
        "Your card has insufficient funds.",
    )
    assert gateway.retrieve_payment(payment.id).is_declined


def test_a_card_that_cannot_be_tried_is_refused(sandbox):
    with pytest.raises(gateway.GatewayError) as caught:
        pay("pm_nobody")
    assert (caught.value.code, caught.value.retryable) == ("resource_missing", False)


def test_a_bank_that_wants_confirmation_gives_an_address_to_go_to(sandbox):
    payment = pay("pm_card_threeDSecure2Required")
    assert payment.status == "requires_action"
    assert payment.next_action_url.startswith("http://sandbox.test/challenge/")
    assert not payment.is_paid
    assert not payment.is_declined


def test_the_same_cause_pays_once(sandbox):
    assert pay().id == pay().id
    assert len(sandbox.events("charge.succeeded")) == 1


def test_a_call_without_a_cause_is_a_mistake_of_ours(sandbox):
    with pytest.raises(ValueError, match="idempotency key"):
        pay(key="")


def test_a_checkout_page_carries_its_hold(sandbox):
    found = check_out()
    assert found.url.startswith("http://sandbox.test/c/pay/cs_test_")
    assert (found.status, found.paid, found.payment_intent_id) == ("open", False, None)
    assert gateway.retrieve_checkout(found.id) == found
    assert gateway.expire_checkout(found.id).status == "expired"
    assert gateway.expire_checkout(found.id).status == "expired"


def test_a_checkout_page_works_without_an_address(sandbox):
    assert check_out(email="").status == "open"


@pytest.mark.parametrize(
    ("ahead", "lasts"),
    [
        (timedelta(minutes=2), timedelta(minutes=31)),
        (timedelta(minutes=31), timedelta(minutes=31)),
        (timedelta(hours=23, minutes=59), timedelta(hours=23, minutes=59)),
        (timedelta(days=3), timedelta(hours=24)),
    ],
)
def test_a_page_lasts_as_long_as_the_processor_allows(sandbox, ahead, lasts):
    now = datetime.now(UTC)
    check_out(expires_at=now + ahead)
    with sandbox.work() as desk:
        session = desk.books.page("checkout.session").rows[0]
    shown = session["expires_at"] - now.timestamp()
    assert lasts.total_seconds() - 2 <= shown <= lasts.total_seconds() + 3600


def test_a_near_deadline_asks_for_the_same_page_a_moment_later():
    now = datetime(2026, 11, 21, 10, 5, tzinfo=UTC)
    deadline = now + timedelta(minutes=10)
    first = gateway.checkout_expiry(deadline, now=now)
    assert first == gateway.checkout_expiry(deadline, now=now + timedelta(minutes=9)) == 1_795_258_800
    assert gateway.checkout_expiry(now + timedelta(days=2), now=now) is None


def test_cancelling_twice_is_cancelling(sandbox):
    payment = pay("pm_card_threeDSecure2Required")
    assert gateway.cancel_payment(payment.id, "cancel-1").status == "canceled"
    assert gateway.cancel_payment(payment.id, "cancel-2").status == "canceled"
    with pytest.raises(gateway.GatewayError) as caught:
        gateway.cancel_payment(pay(key="payment-2").id, "cancel-3")
    assert caught.value.code == "payment_intent_unexpected_state"


def test_refunds_in_parts_until_nothing_is_left(sandbox):
    payment = pay()
    part = gateway.refund(
        payment_id=payment.id,
        amount_minor=1500,
        reason="requested_by_customer",
        metadata={"dispute": "3"},
        idempotency_key="refund-1",
    )
    assert (part.status, part.amount_minor, part.metadata) == ("succeeded", 1500, {"dispute": "3"})
    rest = gateway.refund(payment_id=payment.id, amount_minor=3500, reason="", metadata={}, idempotency_key="refund-2")
    assert gateway.list_refunds(payment.id) == (rest, part)
    assert gateway.retrieve_refund(part.id) == part
    with pytest.raises(gateway.GatewayError) as caught:
        gateway.refund(payment_id=payment.id, amount_minor=1, reason="", metadata={}, idempotency_key="refund-3")
    assert caught.value.code == "charge_already_refunded"


# -- sellers -------------------------------------------------------------------
def test_a_seller_is_payable_only_after_the_form(sandbox):
    account = seller(sandbox, onboarded=False)
    before = gateway.retrieve_seller_account(account)
    assert not before.transfers_active
    assert "external_account" in before.requirements_due
    assert before.disabled_reason == "requirements.past_due"
    link = gateway.onboarding_link(account, "https://shop.example/again", "https://shop.example/back")
    assert link.startswith(f"http://sandbox.test/setup/e/{account}/")
    with pytest.raises(gateway.GatewayError):
        gateway.dashboard_link(account)
    with pytest.raises(gateway.GatewayError) as caught:
        send(account, pay().charge_id)
    assert (caught.value.code, caught.value.retryable) == ("insufficient_capabilities_for_transfer", False)
    with sandbox.work() as desk:
        onboarding.onboard(desk, desk.get("account", account), {})
    after = gateway.retrieve_seller_account(account)
    assert (after.transfers_active, after.payouts_enabled, after.details_submitted) == (True, True, True)
    assert after.requirements_due == ()
    assert gateway.dashboard_link(account).startswith(f"http://sandbox.test/express/{account}/")


def test_a_transfer_and_its_reversal(sandbox):
    account = seller(sandbox)
    payment = pay()
    sent = send(account, payment.charge_id)
    assert (sent.amount_minor, sent.destination, sent.charge_id) == (4500, account, payment.charge_id)
    assert sent.metadata == {"hold_id": HOLD}
    assert gateway.list_transfers(f"hold:{HOLD}") == (sent,)
    back = gateway.reverse_transfer(transfer_id=sent.id, amount_minor=500, idempotency_key="reversal-1")
    assert (back.amount_minor, back.transfer_id) == (500, sent.id)
    assert gateway.retrieve_transfer(sent.id).reversed_minor == 500
    with pytest.raises(gateway.GatewayError) as caught:
        send(account, payment.charge_id, amount=1001, key="transfer-2")
    assert caught.value.code == "balance_insufficient"


# -- banks' disputes and the books ---------------------------------------------
def test_a_bank_takes_a_payment_back_and_is_answered(sandbox):
    payment = pay("pm_card_createDispute")
    found = sandbox.events("charge.dispute.created")[0]["data"]["object"]["id"]
    dispute = gateway.retrieve_dispute(found)
    assert (dispute.status, dispute.payment_id, dispute.charge_id) == (
        "needs_response",
        payment.id,
        payment.charge_id,
    )
    assert (dispute.amount_minor, dispute.withdrawn_minor, dispute.fee_minor) == (5000, 5000, 1500)
    assert dispute.evidence_due_at > datetime.now(UTC) + timedelta(days=8)
    answered = gateway.answer_dispute(
        dispute_id=found, evidence={"uncategorized_text": "winning_evidence"}, idempotency_key="evidence-1"
    )
    assert (answered.status, answered.withdrawn_minor, answered.fee_minor) == ("won", 0, 1500)


def test_every_movement_of_the_balance_is_listed(sandbox):
    began = datetime.now(UTC) - timedelta(seconds=5)
    for number in range(120):
        pay(key=f"payment-{number}")
    gateway.refund(
        payment_id=pay(key="payment-0").id, amount_minor=5000, reason="", metadata={}, idempotency_key="refund-1"
    )
    rows = list(gateway.balance_transactions(began))
    assert len(rows) == 121
    assert (rows[0].kind, rows[0].net_minor, rows[0].currency) == ("refund", -5000, "USD")
    assert sum(row.net_minor for row in rows) == 120 * 4825 - 5000
    assert rows[1].available_at - rows[1].created_at == timedelta(days=2)
    assert list(gateway.balance_transactions(datetime.now(UTC) + timedelta(minutes=1))) == []


# -- trouble -------------------------------------------------------------------
def test_trouble_at_the_processor_is_survived_or_named(sandbox):
    sandbox.switches.fail_next = 2
    assert pay().is_paid
    sandbox.switches.fail_next = 3
    with pytest.raises(gateway.GatewayError) as caught:
        pay(key="payment-2")
    assert caught.value.retryable
    assert pay(key="payment-2").is_paid


def test_an_answer_lost_on_the_way_does_not_pay_twice(sandbox):
    sandbox.switches.lose_next = 3
    with pytest.raises(gateway.GatewayError):
        pay()
    assert pay().is_paid
    assert len(sandbox.events("charge.succeeded")) == 1


def test_a_processor_that_is_not_there_can_be_tried_again(settings, monkeypatch):
    settings.STRIPE_SECRET_KEY = "sk_test_sandbox"
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    monkeypatch.setattr(connection, "NETWORK_RETRIES", 0)
    before = gateway.use_http_client(None)
    with pytest.raises(gateway.GatewayError) as caught:
        gateway.retrieve_payment("pi_1")
    gateway.use_http_client(before)
    assert (caught.value.code, caught.value.retryable) == ("unreachable", True)


def test_a_wrong_key_is_named(sandbox, settings):
    settings.STRIPE_SECRET_KEY = "sk_test_of_somebody_else"
    with pytest.raises(gateway.GatewayError, match="STRIPE_SECRET_KEY") as caught:
        pay()
    assert not caught.value.retryable


def test_the_same_key_for_another_question_is_our_mistake(sandbox):
    pay()
    with pytest.raises(gateway.GatewayError) as caught:
        pay(amount=6000)
    assert (caught.value.code, caught.value.retryable) == ("idempotency_error", False)


@pytest.mark.parametrize(
    ("key", "base", "word"),
    [
        ("", "", "STRIPE_SECRET_KEY"),
        ("sk_live_1", "http://127.0.0.1:12111", "live key"),
        ("rk_live_1", "https://api.stripe.com.evil.example", "live key"),
        ("sk_test_1", "127.0.0.1:12111", "STRIPE_API_BASE"),
    ],
)
def test_a_setting_that_is_missing_or_dangerous_stops_every_call(settings, key, base, word):
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = key, base
    assert word in gateway.configuration_problem()
    with pytest.raises(gateway.PaymentsNotConfigured, match=word):
        gateway.retrieve_payment("pi_1")


def test_a_live_key_with_another_address_stops_the_start():
    with pytest.raises(ValidationError, match="live key"):
        Environment(stripe_secret_key="sk_live_1", stripe_api_base="http://127.0.0.1:12111")
    with pytest.raises(ValidationError, match="address"):
        Environment(stripe_api_base="127.0.0.1:12111")
    assert Environment(stripe_secret_key="sk_test_1", stripe_api_base="http://127.0.0.1:12111/").stripe_api_base
    assert Environment(stripe_secret_key="sk_live_1", stripe_api_base="https://api.stripe.com/").stripe_secret_key


def test_the_sandbox_is_reached_past_any_proxy(settings, monkeypatch, served):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    settings.STRIPE_SECRET_KEY = "sk_test_sandbox"
    settings.STRIPE_API_BASE = served
    before = gateway.use_http_client(None)
    try:
        assert pay().is_paid
    finally:
        gateway.use_http_client(before)


def test_a_live_key_may_go_to_stripe_itself(settings):
    settings.STRIPE_SECRET_KEY = "sk_live_1"
    for base in ("", "https://api.stripe.com", "https://api.stripe.com/"):
        settings.STRIPE_API_BASE = base
        assert gateway.configuration_problem() is None


# -- webhooks ------------------------------------------------------------------
def messages(sandbox):
    taken = []
    sandbox.deliver(lambda body, signature: taken.append((body, signature)))
    return taken


def test_a_message_from_the_processor_is_read(sandbox):
    payment = pay()
    events = [gateway.parse_webhook(body, signature) for body, signature in messages(sandbox)]
    assert [event.type for event in events] == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
    ]
    last = events[-1]
    assert (last.object_id, last.object_type, last.account) == (payment.id, "payment_intent", None)
    assert last.raw["data"]["object"]["metadata"] == {"hold_id": HOLD}
    assert last.api_version == stripe.api_version
    assert abs(last.created_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_message_of_a_seller_names_the_account(sandbox):
    account = seller(sandbox)
    event = gateway.parse_webhook(*messages(sandbox)[-1])
    assert (event.type, event.account, event.object_id) == ("account.updated", account, account)


def test_forged_changed_and_old_messages_are_refused(sandbox):
    pay()
    body, signature = messages(sandbox)[0]
    old = stripe.WebhookSignature.generate_signature_header(body.decode(), "whsec_sandbox", int(time.time()) - 301)
    forged = stripe.WebhookSignature.generate_signature_header(body.decode(), "whsec_guess")
    for payload, header in [
        (body, ""),
        (body, "nonsense"),
        (body, old),
        (body, forged),
        (body + b" ", signature),
        (b"\xff" + body, signature),
    ]:
        with pytest.raises(gateway.InvalidSignature):
            gateway.parse_webhook(payload, header)


def test_a_signed_message_that_is_no_event_is_refused(sandbox):
    for payload in ("[]", "{}", "no json", json.dumps({"id": "evt_1", "data": {"object": 1}})):
        header = stripe.WebhookSignature.generate_signature_header(payload, "whsec_sandbox")
        with pytest.raises(gateway.InvalidSignature):
            gateway.parse_webhook(payload.encode(), header)


def test_several_secrets_are_accepted_while_one_is_replaced(sandbox, settings):
    pay()
    body, signature = messages(sandbox)[0]
    settings.STRIPE_WEBHOOK_SECRET = "whsec_new, whsec_sandbox"
    assert gateway.parse_webhook(body, signature).type == "payment_intent.created"
    settings.STRIPE_WEBHOOK_SECRET = ""
    with pytest.raises(gateway.PaymentsNotConfigured, match="STRIPE_WEBHOOK_SECRET"):
        gateway.parse_webhook(body, signature)


# -- the pinned version ----------------------------------------------------------
def test_calls_name_the_version_that_we_are_written_for(sandbox):
    assert stripe.api_version == gateway.API_VERSION
    seen = []
    answer = sandbox.handle
    sandbox.handle = lambda method, url, headers, body=None: (
        seen.append(headers["Stripe-Version"]) or answer(method, url, headers, body)
    )
    pay()
    assert seen == [gateway.API_VERSION]


def test_another_version_of_the_library_stops_payments_with_a_sentence(sandbox, monkeypatch):
    monkeypatch.setattr(stripe, "api_version", "2030-01-01.other")
    assert "2030-01-01.other" in gateway.configuration_problem()
    with pytest.raises(gateway.PaymentsNotConfigured):
        pay()
