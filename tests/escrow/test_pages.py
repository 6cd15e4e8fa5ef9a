"""The pages of escrow as people meet them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.accounts.models import Role
from apps.escrow import actions
from apps.escrow.models import Payment, Settlement, WebhookEvent
from tests.escrow.conftest import DECLINED, person
from tests.signing_in import confirm

pytestmark = pytest.mark.django_db


def texts(answer):
    return [str(message) for message in answer.context["messages"]] if answer.context else []


def test_coming_back_from_paying_tells_how_it_went_and_goes_on(client, sale, company):
    payment = actions.start_payment(hold=sale.hold, by=sale.buyer, success_url="http://testserver/fees/")
    company.pay_on_page(payment)
    client.force_login(sale.buyer)
    answer = client.get(reverse("pay-return", args=[payment.pk]), follow=True)
    assert (answer.redirect_chain[-1][0], sale.state) == ("http://testserver/fees/", "funded")
    assert texts(answer) == ["Paid. The money is held until you have your parcel."]


def test_coming_back_after_a_decline_says_why(client, sale, company):
    payment = sale.start()
    with pytest.raises(Exception, match="declined"):
        company.pay_on_page(payment, DECLINED)
    client.force_login(sale.buyer)
    answer = client.get(reverse("pay-return", args=[payment.pk]), follow=True)
    assert "declined" in texts(answer)[0]


def test_the_way_back_leads_to_our_own_pages_only(client, sale):
    payment = actions.start_payment(hold=sale.hold, by=sale.buyer, success_url="https://elsewhere.example/phish")
    client.force_login(sale.buyer)
    answer = client.get(reverse("pay-return", args=[payment.pk]))
    assert (answer.status_code, answer["Location"]) == (302, reverse("home"))


def test_nobody_else_comes_back_from_a_payment(client, sale):
    payment = sale.start()
    client.force_login(sale.seller)
    assert client.get(reverse("pay-return", args=[payment.pk])).status_code == 404
    client.logout()
    assert client.get(reverse("pay-return", args=[payment.pk])).status_code == 302


def test_a_silent_company_does_not_break_the_way_back(client, sale, company):
    payment = sale.start()
    company.sandbox.switches.fail_next = 50
    client.force_login(sale.buyer)
    answer = client.get(reverse("pay-return", args=[payment.pk]), follow=True)
    assert "does not answer" in texts(answer)[0]


def test_a_seller_sets_up_payouts_and_sees_what_waits(client, sale, company):
    sale.delivered()
    actions.release(hold=sale.hold, by=sale.buyer)
    sale.settle()
    client.force_login(sale.seller)
    assert "/reauthenticate/" in client.post(reverse("onboarding")).url  # whose money goes where needs the password
    assert "/reauthenticate/" in client.post(reverse("payout-dashboard")).url
    confirm(client, sale.seller)
    page = client.get(reverse("onboarding")).content.decode()
    assert "Set up payouts" in page
    assert "$94.70" in page
    assert sale.hold.description in page
    answer = client.post(reverse("onboarding"))
    assert answer.status_code == 302
    assert answer["Location"].startswith("http")
    company.onboard(sale.seller, outcome="review")
    answer = client.get(reverse("onboarding-return"), follow=True)
    assert "not finished" in texts(answer)[0]
    company.onboard(sale.seller)
    answer = client.get(reverse("onboarding-return"), follow=True)
    assert "ready" in texts(answer)[0]
    actions.settle_due()
    page = client.get(reverse("onboarding")).content.decode()
    assert "Open my payout account" in page
    assert Settlement.objects.get().state == "sent"
    assert client.post(reverse("payout-dashboard"))["Location"].startswith("http")


def test_coming_back_without_an_account_is_told_plainly(client):
    client.force_login(person())
    assert client.get(reverse("onboarding-return")).status_code == 404


def test_the_payout_page_asks_a_fixed_number_of_questions(client, make_sale, django_assert_max_num_queries):
    sale = make_sale()
    for _ in range(3):
        one = make_sale(seller=sale.seller).delivered()
        actions.release(hold=one.hold, by=one.buyer)
    client.force_login(sale.seller)
    with django_assert_max_num_queries(9):
        assert client.get(reverse("onboarding")).status_code == 200


def test_fees_are_worked_out_for_a_price_of_ones_own(client):
    page = client.get(reverse("fees")).content.decode()
    assert "5 %" in page
    assert "$23.45" in page  # of 25.00
    page = client.get(reverse("fees"), {"price_minor": "100"}).content.decode()
    assert "$94.70" in page
    part = client.get(reverse("fees"), {"price_minor": "100"}, headers={"HX-Request": "true"}).content.decode()
    assert "$94.70" in part
    assert "<html" not in part
    for nonsense in ("", "abc", "-5", "1e99"):
        assert client.get(reverse("fees"), {"price_minor": nonsense}).status_code == 200


def test_protection_lists_every_deadline_and_claims_no_licence(client, settings):
    page = client.get(reverse("protection")).content.decode()
    for text in ("24 hours", "7 days", "10 days", "21 days", "30 days", "40 days", "3 days", "14 days"):
        assert text in page
    assert "neither a bank nor a licensed escrow agent" in page


ADMIN = ["hold", "payment", "settlement", "dispute", "chargeback", "selleraccount", "webhookevent", "ledgeraccount"]


@pytest.mark.parametrize("table", [*ADMIN, "ledgertransaction"])
def test_a_moderator_looks_at_every_table_and_changes_none(client, sale, company, table):
    sale.onboarded()
    case = sale.disputed()
    company.dispute(sale.hold.payments.get())
    company.deliver()
    client.force_login(person(Role.MODERATOR))
    answer = client.get(reverse(f"admin:escrow_{table}_changelist"))
    assert answer.status_code == 200
    rows = answer.context["cl"].result_list
    if rows:
        assert client.get(reverse(f"admin:escrow_{table}_change", args=[rows[0].pk])).status_code == 200
    assert client.get(reverse(f"admin:escrow_{table}_add")).status_code == 403
    assert case.pk


def test_a_moderator_has_failed_things_tried_again(client, sale, company):
    sale.delivered()
    actions.release(hold=sale.hold, by=sale.buyer)
    Settlement.objects.update(state="failed", attempts=12)
    stuck = WebhookEvent.objects.create(
        event_id="evt_x", type="x", payload={"data": {"object": {}}}, parked_at=sale.hold.closed_at, attempts=10
    )
    client.force_login(person(Role.MODERATOR))
    for table, action, pk in (
        ("settlement", "try_again", Settlement.objects.get().pk),
        ("webhookevent", "handle_again", stuck.pk),
    ):
        answer = client.post(
            reverse(f"admin:escrow_{table}_changelist"), {"action": action, "_selected_action": [str(pk)]}
        )
        assert answer.status_code == 302
    assert Settlement.objects.get().state == "due"
    stuck.refresh_from_db()
    assert stuck.parked_at is None
    assert Payment.objects.get().state == "succeeded"
