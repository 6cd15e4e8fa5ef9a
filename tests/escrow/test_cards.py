"""Cards that members keep: added, chosen, paid with, removed, and never anybody else's."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from rest_framework.test import APIClient

from apps.core.errors import DomainError, NotFound, NotYours
from apps.escrow import actions, gateway
from apps.escrow.cards import actions as cards
from apps.escrow.cards.choosing import cards_of, choice_of
from apps.escrow.cards.models import Customer, SavedCard
from apps.escrow.sandbox.resources import checkout, setup_intents
from tests.escrow.conftest import CHALLENGED, DECLINED, VISA, person

pytestmark = pytest.mark.django_db
PAYER = {"email": "buyer@example.com"}


def add(company, user, card=VISA):
    """The member goes through the company's page."""
    address = cards.start_adding(user=user, success_url="https://shop.test/b", cancel_url="https://shop.test/b")
    with company.sandbox.work() as desk:
        session = desk.get("checkout.session", address.rsplit("/", 1)[1])
        setup = checkout.pay(desk, session, card, payer=PAYER)
    return setup


def kept(company, user, card=VISA):
    add(company, user, card)
    cards.refresh_cards(user=user)
    return cards_of(user)[0]


def test_a_card_is_added_on_the_companys_page_and_paid_with_at_once(sale, company):
    card = kept(company, sale.buyer)
    assert (str(card), card.is_default) == ("Visa ···· 4242", True)
    payment = sale.start(card.stripe_id)
    assert (payment.state, sale.state, sale.held) == ("succeeded", "funded", 10_000)
    assert company.objects("payment_intent")[0]["customer"] == Customer.objects.get(user=sale.buyer).stripe_id


def test_one_customer_and_one_default_per_member(company, sale):
    kept(company, sale.buyer)
    kept(company, sale.buyer, VISA | {"number": "5555555555554444"})
    assert len(company.objects("customer")) == 1
    other = next(card for card in cards_of(sale.buyer) if not card.is_default)
    cards.make_default(card=other, by=sale.buyer)
    assert next(iter(cards_of(sale.buyer))).pk == other.pk
    with pytest.raises(IntegrityError, match="saved_card_one_default"), transaction.atomic():
        SavedCard.objects.filter(user=sale.buyer).update(is_default=True)


def test_the_bank_may_ask_before_a_card_is_kept_and_when_it_pays(sale, company):
    setup = add(company, sale.buyer, CHALLENGED)
    assert setup["status"] == "requires_action"
    with company.sandbox.work() as desk:
        setup_intents.finish_challenge(desk, desk.get("setup_intent", setup["id"]), passed=True)
    cards.refresh_cards(user=sale.buyer)
    payment = sale.start(cards_of(sale.buyer)[0].stripe_id)
    assert (payment.state, bool(payment.next_action_url)) == ("action", True)
    company.answer_challenge(payment.intent_id, passed=True)
    assert actions.refresh_payment(payment=payment).state == "succeeded"
    assert sale.state == "funded"


def test_a_card_that_fails_the_banks_question_or_is_declined_is_not_kept(sale, company):
    setup = add(company, sale.buyer, CHALLENGED)
    with company.sandbox.work() as desk:
        setup_intents.finish_challenge(desk, desk.get("setup_intent", setup["id"]), passed=False)
    with pytest.raises(Exception, match="declined"):
        add(company, sale.buyer, DECLINED)
    cards.refresh_cards(user=sale.buyer)
    assert cards_of(sale.buyer) == []


def test_a_card_is_kept_while_paying_when_the_payer_says_so(client, sale, company):
    payment = actions.start_payment(hold=sale.hold, by=sale.buyer, keep_card=True)
    company.pay_on_page(payment)
    client.force_login(sale.buyer)
    client.get(reverse("pay-return", args=[payment.pk]))
    assert [str(card) for card in cards_of(sale.buyer)] == ["Visa ···· 4242"]


def test_without_saying_so_no_card_is_kept(sale, company):
    payment = sale.start()
    company.pay_on_page(payment)
    actions.refresh_payment(payment=payment)
    cards.refresh_cards(user=sale.buyer)
    assert (cards_of(sale.buyer), company.objects("customer")) == ([], [])


def test_a_card_of_somebody_else_can_never_be_used(sale, make_sale, company):
    theirs = kept(company, sale.buyer)
    other = make_sale()
    with pytest.raises(NotYours):
        other.start(theirs.stripe_id)
    with pytest.raises(NotFound):
        choice_of(card_id=theirs.pk, keep_card=False, by=other.buyer)
    for act in (cards.make_default, cards.remove_card):
        with pytest.raises(NotFound):
            act(card=theirs, by=other.buyer)
    # Even where our own list knows nothing of it, the company refuses.
    SavedCard.objects.all().delete()
    try:
        payment = other.start(theirs.stripe_id)
    except DomainError:
        payment = other.hold.payments.get()
    assert (payment.state, other.state, other.held) == ("failed", "created", 0)


def test_a_removed_card_pays_no_more(sale, company):
    card = kept(company, sale.buyer)
    cards.remove_card(card=card, by=sale.buyer)
    cards.remove_card(card=card, by=sale.buyer)
    assert cards_of(sale.buyer) == []
    with pytest.raises(NotYours):
        sale.start(card.stripe_id)
    cards.refresh_cards(user=sale.buyer)
    assert cards_of(sale.buyer) == []


def test_a_company_that_does_not_answer_leaves_the_card(sale, company):
    card = kept(company, sale.buyer)
    company.sandbox.switches.fail_next = 20
    with pytest.raises(gateway.GatewayError):
        cards.remove_card(card=card, by=sale.buyer)
    company.sandbox.switches.fail_next = 0
    cards.remove_card(card=card, by=sale.buyer)
    assert cards_of(sale.buyer) == []


def test_the_pages(client, sale, company):
    client.force_login(sale.buyer)
    assert "No card is kept." in client.get(reverse("payment-cards")).content.decode()
    answer = client.post(reverse("payment-card-add"))
    assert "/c/pay/cs_test_" in answer["Location"]
    card = kept(company, sale.buyer)
    page = client.get(reverse("payment-cards") + "?added=1").content.decode()
    assert "Visa ···· 4242" in page
    client.post(reverse("payment-card-default", args=[card.pk]))
    stranger = person()
    client.force_login(stranger)
    assert client.post(reverse("payment-card-remove", args=[card.pk])).status_code == 404
    client.force_login(sale.buyer)
    assert "is forgotten" in client.post(reverse("payment-card-remove", args=[card.pk]), follow=True).content.decode()


def test_rest(sale, company):
    api = APIClient()
    api.force_authenticate(sale.buyer)
    told = api.post(reverse("api-payment-cards"), {"return_url": "https://shop.test/"}, format="json")
    assert (told.status_code, "/c/pay/" in told.json()["url"]) == (201, True)
    add(company, sale.buyer)
    (card,) = api.post(reverse("api-payment-cards-refresh")).json()["cards"]
    assert (card["last4"], card["is_default"]) == ("4242", True)
    assert "stripe_id" not in card
    address = reverse("api-payment-card", args=[card["id"]])
    stranger = APIClient()
    stranger.force_authenticate(person())
    assert stranger.delete(address).status_code == 404
    assert api.post(address).status_code == 200
    assert api.delete(address).status_code == 204
    assert api.get(reverse("api-payment-cards")).json()["cards"] == []
