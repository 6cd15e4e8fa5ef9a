"""The hosted pages as a person with a phone and no script uses them."""

from __future__ import annotations

import re

import httpx
import pytest

DAY = 86_400
TYPED = {
    "email": "buyer@example.com",
    "number": "4242 4242 4242 4242",
    "expiry": "12 / 40",
    "cvc": "123",
    "name": "Ada",
}


@pytest.fixture
def browser(shop, served):
    with httpx.Client(base_url=served(shop.sandbox), follow_redirects=False) as client:
        yield client


@pytest.fixture
def session(shop, browser):
    return shop.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "line_items": [
                {"price_data": {"currency": "usd", "unit_amount": 4250, "product_data": {"name": "Charizard <VMAX>"}}}
            ],
            "payment_intent_data": {"metadata": {"hold_id": "7"}, "transfer_group": "hold-7", "description": "Trade 7"},
            "client_reference_id": "7",
            "customer_email": "buyer@example.com",
            "success_url": "https://shop.example/paid?session={CHECKOUT_SESSION_ID}",
            "cancel_url": "https://shop.example/cart",
        }
    )


def problem(page):
    found = re.search(r'role="alert">(.*?)</div>', page.text, re.S)
    return re.sub(r"<[^>]+>", "", found.group(1)).strip() if found else None


def test_paying_leads_back_to_the_shop_with_the_session(shop, browser, session):
    page = browser.get(session.url)
    assert page.status_code == 200
    assert "Test sandbox." in page.text
    assert "$42.50" in page.text
    assert "Charizard &lt;VMAX&gt;" in page.text
    assert 'value="buyer@example.com"' in page.text
    assert "<script" not in page.text
    answer = browser.post(session.url, data=TYPED)
    assert answer.headers["location"] == f"https://shop.example/paid?session={session.id}"
    found = shop.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent", "line_items"]})
    intent = found.payment_intent
    assert (found.status, found.payment_status, found.url) == ("complete", "paid", None)
    assert (intent.status, intent.transfer_group, intent.metadata.to_dict()) == (
        "succeeded",
        "hold-7",
        {"hold_id": "7"},
    )
    assert (found.customer_details.email, found.client_reference_id) == ("buyer@example.com", "7")
    assert found.line_items.data[0].description == "Charizard <VMAX>"
    assert [event["type"] for event in shop.sandbox.events()][-1] == "checkout.session.completed"
    assert browser.get(session.url).status_code == 303


def test_a_declined_card_is_explained_and_another_may_be_tried(shop, browser, session):
    page = browser.post(session.url, data=TYPED | {"number": "4000000000009995"})
    assert page.status_code == 402
    assert problem(page) == "Not paid. Your card has insufficient funds."
    assert 'value="Ada"' in page.text
    assert browser.post(session.url, data=TYPED).status_code == 303
    assert [charge.status for charge in shop.v1.charges.list().data] == ["succeeded", "failed"]
    assert len(shop.v1.payment_intents.list().data) == 1


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("number", "1234", "Your card number is incorrect."),
        ("number", "", "Missing required param: card[number]."),
        ("expiry", "soon", "Your card's expiration date is incomplete: write it as MM / YY."),
        ("expiry", "01 / 20", "Your card's expiration year is invalid."),
        ("cvc", "1", "Your card's security code is invalid."),
        ("number", "4111111111111111", "Your card was declined."),
    ],
)
def test_what_was_mistyped_is_said_beside_the_form(browser, session, field, value, sentence):
    page = browser.post(session.url, data=TYPED | {field: value})
    assert page.status_code == 402
    assert sentence in problem(page).replace("&#39;", "'")


def test_three_d_secure_passed_pays_and_failed_lets_one_try_again(shop, browser, session):
    challenge = browser.post(session.url, data=TYPED | {"number": "4000002760003184"}).headers["location"]
    assert "Complete authentication" in browser.get(challenge).text
    back = browser.post(challenge, data={"answer": "fail"}).headers["location"]
    assert "could not confirm" in problem(browser.get(back))
    challenge = browser.post(session.url, data=TYPED | {"number": "4000002760003184"}).headers["location"]
    done = browser.post(challenge, data={"answer": "complete"})
    assert done.headers["location"].startswith("https://shop.example/paid?session=cs_test_")
    assert shop.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
    assert browser.post(challenge, data={"answer": "fail"}).headers["location"] == done.headers["location"]
    assert len(shop.v1.charges.list().data) == 1


def test_three_d_secure_passed_and_then_declined_says_so(shop, browser, session):
    challenge = browser.post(session.url, data=TYPED | {"number": "4000008260003178"}).headers["location"]
    page = browser.post(challenge, data={"answer": "complete"})
    assert problem(page) == "Not paid. Your card has insufficient funds."
    assert shop.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_a_payment_without_a_session_returns_to_the_shop_after_the_challenge(shop, browser):
    payment = shop.pay(card="pm_card_threeDSecure2Required", return_url="https://shop.example/back?trade=7")
    answer = browser.post(payment.next_action.redirect_to_url.url, data={"answer": "complete"}).headers["location"]
    assert answer.startswith(f"https://shop.example/back?trade=7&payment_intent={payment.id}&")
    assert answer.endswith("redirect_status=succeeded")
    assert shop.v1.payment_intents.retrieve(payment.id).status == "succeeded"


def test_a_challenge_needs_its_secret(shop, browser):
    payment = shop.pay(card="pm_card_threeDSecure2Required", return_url="https://shop.example/back")
    assert browser.post(f"/challenge/{payment.id}/guess", data={"answer": "complete"}).status_code == 404
    assert shop.v1.payment_intents.retrieve(payment.id).status == "requires_action"


def test_a_page_closes_when_its_time_is_over(shop, browser, session):
    browser.post(session.url, data=TYPED | {"number": "4000000000000002"})
    shop.sandbox.advance(DAY)
    page = browser.get(session.url)
    assert page.status_code == 410
    assert "Nothing was charged" in page.text
    assert browser.post(session.url, data=TYPED).status_code == 410
    assert shop.v1.payment_intents.list().data[0].status == "canceled"
    assert shop.sandbox.events("checkout.session.expired")


def test_a_shop_can_close_the_page_but_not_twice(shop, browser, session):
    assert shop.v1.checkout.sessions.expire(session.id).status == "expired"
    with pytest.raises(Exception, match="not in an expireable state"):
        shop.v1.checkout.sessions.expire(session.id)


def test_a_form_sent_by_another_site_is_refused(shop, browser, session):
    page = browser.post(session.url, data=TYPED, headers={"Sec-Fetch-Site": "cross-site"})
    assert page.status_code == 403
    assert shop.v1.charges.list().data == []
    assert browser.post("/do/advance", data={"days": "1"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def link_for(shop, seller):
    return shop.v1.account_links.create(
        {
            "account": seller,
            "type": "account_onboarding",
            "refresh_url": "https://shop.example/again",
            "return_url": "https://shop.example/payouts",
        }
    ).url


def filled_in(page):
    fields = dict(re.findall(r'<input id="(\w+)"[^>]*?value="([^"]*)"', page.text))
    return fields | {"agree": "yes", "answer": "send"}


def test_the_form_makes_a_seller_payable(shop, browser):
    seller = shop.seller(onboarded=False)
    address = link_for(shop, seller)
    answer = browser.post(address, data=filled_in(browser.get(address)))
    assert answer.headers["location"] == "https://shop.example/payouts"
    account = shop.v1.accounts.retrieve(seller)
    assert (account.capabilities.transfers, account.payouts_enabled) == ("active", True)
    assert account.requirements.currently_due == []
    assert account.external_accounts.data[0].last4 == "6789"
    assert shop.sandbox.events("account.updated")[-1]["account"] == seller
    assert browser.get(address).headers["location"] == "https://shop.example/again"


def test_coming_back_from_the_form_says_nothing_about_having_filled_it_in(shop, browser):
    seller = shop.seller(onboarded=False)
    address = link_for(shop, seller)
    assert browser.post(address, data={"answer": "later"}).headers["location"] == "https://shop.example/payouts"
    assert shop.v1.accounts.retrieve(seller).details_submitted is False


def test_an_incomplete_form_keeps_what_was_typed(shop, browser):
    address = link_for(shop, shop.seller(onboarded=False))
    page = browser.post(address, data={"first_name": "Grace", "answer": "send"})
    assert page.status_code == 422
    assert 'value="Grace"' in page.text
    assert "fields are still empty" in problem(page)


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        ("document", "requirements.past_due"),
        ("review", "requirements.pending_verification"),
        ("reject", "rejected.other"),
    ],
)
def test_the_company_may_want_more(shop, browser, outcome, reason):
    seller = shop.seller(onboarded=False)
    address = link_for(shop, seller)
    browser.post(address, data=filled_in(browser.get(address)) | {"outcome": outcome})
    account = shop.v1.accounts.retrieve(seller)
    assert account.requirements.disabled_reason == reason
    assert account.capabilities.transfers != "active"
    shop.sandbox.advance(180)
    active = shop.v1.accounts.retrieve(seller).capabilities.transfers == "active"
    assert active == (outcome == "review")


def test_an_old_link_leads_back_for_a_new_one(shop, browser):
    address = link_for(shop, shop.seller(onboarded=False))
    shop.sandbox.advance(3600)
    assert browser.get(address).headers["location"] == "https://shop.example/again"


def test_a_seller_sees_what_has_come_in(shop, browser):
    seller = shop.seller()
    shop.transfer(4500, seller, shop.pay().latest_charge)
    page = browser.get(shop.v1.accounts.login_links.create(seller).url)
    assert "$45.00" in page.text
    assert browser.get(f"/express/{seller}/guess").status_code == 410


def test_the_dashboard_shows_what_happened_and_sends_again(shop, browser, session):
    seller = shop.seller()
    payment = shop.pay(description="Trade 7")
    shop.transfer(4500, seller, payment.latest_charge)
    shop.v1.refunds.create({"payment_intent": payment.id, "amount": 100})
    shop.pay(card="pm_card_createDispute")
    page = browser.get("/")
    for words in ("Trade 7", payment.id, seller, "needs response", "waiting", "Send again"):
        assert words in page.text
    event = shop.sandbox.events()[0]["id"]
    shop.sandbox.deliver(lambda *ignored: None)
    assert browser.post("/do/resend", data={"event": event}).status_code == 303
    assert shop.sandbox.deliver(lambda *ignored: None) == 1
    assert "payment_intent.created" in browser.get(f"/events/{event}").text or "account.updated" in page.text
    browser.post("/do/config", data={"duplicate_webhooks": "true"})
    assert shop.sandbox.switches.duplicate_webhooks
    before = shop.sandbox.now()
    browser.post("/do/advance", data={"days": "2"})
    assert shop.sandbox.now() == before + 2 * DAY


def test_pages_that_are_not_there_say_so(browser):
    for address in (
        "/c/pay/cs_test_none",
        "/challenge/pi_1/x",
        "/setup/e/acct_1/x",
        "/receipts/ch_1",
        "/events/x",
        "/nope",
    ):
        assert browser.get(address).status_code == 404
    assert browser.get("/static/sandbox.css").headers["content-type"].startswith("text/css")


def test_a_receipt_shows_the_card_by_its_last_digits(shop, browser):
    charge = shop.v1.charges.retrieve(shop.pay().latest_charge)
    assert "visa ending in 4242" in browser.get(charge.receipt_url).text
