"""Payouts to a seller's bank are seen here as the processor tells of them, in whatever order it does."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.escrow import actions
from apps.escrow.models import SellerPayout
from apps.escrow.payouts.actions import record_payout
from apps.escrow.sandbox.resources import payouts

pytestmark = pytest.mark.django_db


@pytest.fixture
def paid_out(sale, company):
    """A sale whose money is on its way to the seller's bank."""
    sale.onboarded().delivered()
    actions.release(hold=sale.hold, by=sale.buyer)
    sale.settle()
    company.sandbox.advance(3 * 86_400)
    company.deliver()
    return sale


def test_a_payout_is_seen_on_its_way_and_at_the_bank(paid_out, client, company):
    payout = SellerPayout.objects.get()
    assert (payout.amount_minor, payout.currency, payout.state) == (9470, "USD", "pending")
    company.sandbox.advance(3 * 86_400)
    company.deliver()
    payout.refresh_from_db()
    assert payout.state == "paid"
    client.force_login(paid_out.seller)
    page = client.get(reverse("onboarding")).content.decode()
    assert "At the bank" in page
    assert "To your bank" in page


def test_a_bank_that_refuses_is_shown_with_its_reason(paid_out, client, company):
    company.sandbox.advance(3 * 86_400)
    account = paid_out.seller.seller_account.stripe_id
    with company.sandbox.work(account) as desk:
        payouts.fail(desk, desk.get("payout", SellerPayout.objects.get().stripe_id))
    company.deliver()
    assert SellerPayout.objects.get().state == "failed"
    client.force_login(paid_out.seller)
    assert "The bank refused it: The bank account has been closed" in client.get(reverse("onboarding")).content.decode()
    assert company.balance(account) == 9470


def test_payouts_of_accounts_that_are_not_ours_are_left_alone(paid_out):
    assert record_payout(stripe_id=SellerPayout.objects.get().stripe_id, account_id="acct_nobody") is None
    assert record_payout(stripe_id="po_ours", account_id="") is None
