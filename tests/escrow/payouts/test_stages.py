"""The stages of a payout account: each is told from what the processor says, and says what to do next."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import InvalidInput
from apps.escrow import actions, queries
from apps.escrow.gateway.connection import client as company_client
from apps.escrow.models import SellerAccount, Settlement
from apps.escrow.payouts.stages import ADVICE, Stage, in_plain_words, stage_of
from tests.escrow.conftest import person
from tests.signing_in import confirm


def told(**given):
    plain = {
        "transfers_active": False,
        "details_submitted": True,
        "requirements_due": [],
        "requirements_past_due": [],
        "requirements_pending": [],
        "disabled_reason": "",
    }
    return SimpleNamespace(**(plain | given))


@pytest.mark.parametrize(
    ("says", "stage"),
    [
        (None, Stage.NOT_STARTED),
        (told(details_submitted=False, requirements_due=["external_account"]), Stage.IN_PROGRESS),
        (told(requirements_pending=["individual.id_number"]), Stage.CHECKING),
        (told(disabled_reason="under_review"), Stage.CHECKING),
        (told(transfers_active=True), Stage.ENABLED),
        (told(transfers_active=True, requirements_due=["individual.verification.document"]), Stage.DUE),
        (told(requirements_past_due=["individual.verification.document"]), Stage.PAST_DUE),
        (told(disabled_reason="platform_paused"), Stage.RESTRICTED),
        (told(disabled_reason="rejected.fraud", requirements_due=["external_account"]), Stage.REJECTED),
    ],
)
def test_the_stage_follows_from_what_the_processor_says(says, stage):
    assert stage_of(says) == stage


@given(
    st.builds(
        told,
        transfers_active=st.booleans(),
        details_submitted=st.booleans(),
        requirements_due=st.lists(st.text(max_size=5), max_size=2),
        requirements_past_due=st.lists(st.text(max_size=5), max_size=2),
        requirements_pending=st.lists(st.text(max_size=5), max_size=2),
        disabled_reason=st.sampled_from(["", "rejected.other", "listed", "under_review"]),
    )
)
def test_only_the_capability_says_that_a_seller_can_be_paid(says):
    paid = stage_of(says) in (Stage.ENABLED, Stage.DUE)
    assert not paid or says.transfers_active
    assert ADVICE[stage_of(says)].text


def test_what_is_wanted_is_said_once_and_in_plain_words():
    names = ["individual.dob.day", "individual.dob.month", "external_account", "something.new"]
    assert in_plain_words(names) == ["Your date of birth", "A bank account", "Something more: its form says what"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("outcome", "stage", "says"),
    [
        ("approve", Stage.ENABLED, "Ready"),
        ("review", Stage.CHECKING, "You need not do anything"),
        ("document", Stage.PAST_DUE, "A picture of your passport or identity card"),
        ("due", Stage.DUE, "It wants that by"),
        ("reject", Stage.REJECTED, "Closed by the payment processor"),
    ],
)
def test_a_sellers_page_says_what_to_do_next(client, sale, company, outcome, stage, says):
    company.onboard(sale.seller, outcome=outcome)
    company.deliver()
    assert queries.payouts_of(sale.seller).stage == stage
    client.force_login(sale.seller)
    page = client.get(reverse("onboarding")).content.decode()
    assert says in page
    unpaid = stage in (Stage.CHECKING, Stage.PAST_DUE)
    assert ("You can sell meanwhile" in page) == unpaid


@pytest.mark.django_db
def test_what_is_not_given_in_time_stops_payouts_until_it_is(sale, company):
    company.onboard(sale.seller, outcome="due")
    company.deliver()
    sale.delivered()
    company.sandbox.advance(8 * 86_400)
    company.deliver()
    assert queries.payouts_of(sale.seller).stage == Stage.PAST_DUE
    actions.release(hold=sale.hold, by=sale.buyer)
    sale.settle()
    assert Settlement.objects.get().state == "waiting"
    company.onboard(sale.seller)
    company.deliver()
    sale.settle()
    assert Settlement.objects.get().state == "sent"


@pytest.mark.django_db
def test_an_address_that_expired_leads_into_a_new_one(client, sale, company):
    actions.start_onboarding(user=sale.seller, refresh_url="https://shop.test/r", return_url="https://shop.test/b")
    client.force_login(sale.seller)
    assert "/reauthenticate/" in client.get(reverse("onboarding"), {"expired": "1"}).url
    confirm(client, sale.seller)
    answer = client.get(reverse("onboarding"), {"expired": "1"})
    assert "/setup/e/" in answer["Location"]
    assert SellerAccount.objects.count() == 1
    client.force_login(sale.buyer)
    assert client.get(reverse("onboarding"), {"expired": "1"}).status_code == 200


@pytest.mark.django_db
def test_an_account_that_the_processor_shows_us_no_more_is_closed(sale, company):
    company.onboard(sale.seller)
    company.deliver()
    company_client().v1.accounts.delete(SellerAccount.objects.get().stripe_id)
    company.deliver()
    assert queries.payouts_of(sale.seller).stage == Stage.REJECTED


@pytest.mark.django_db
def test_a_country_that_wants_money_sooner_than_a_sale_may_take_is_told_so(company):
    seller = person()
    seller.country = "TH"
    with pytest.raises(InvalidInput, match="your country"):
        actions.start_onboarding(user=seller, refresh_url="https://shop.test/r", return_url="https://shop.test/b")
    assert company.objects("account") == []
