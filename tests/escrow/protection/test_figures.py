"""The published figures of purchase protection are those of the ledger, to the last unit."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from apps.core.money import Money
from apps.escrow import actions, ledger
from apps.escrow.protection import queries
from tests.cases import decided
from tests.escrow.conftest import minor

pytestmark = pytest.mark.django_db


@pytest.fixture
def months(make_sale, company, moderator):
    """One sale of each kind: under way, released, given back, split, taken by a bank, given back late, lost."""
    make_sale().funded()
    seller = make_sale().onboarded().seller
    actions.release(hold=make_sale(seller=seller).delivered().hold, by=moderator)
    refunded = make_sale(seller=seller).funded()
    actions.refund(hold=refunded.hold, by=refunded.seller)
    decided(make_sale(seller=seller).disputed(), by=moderator, outcome="split", refund_minor=4000)
    taken = make_sale(seller=seller).funded()
    company.decide(company.dispute(taken.hold.payments.get()), won=False)
    late = make_sale(seller=seller).delivered()
    actions.release(hold=late.hold, by=late.buyer)
    actions.give_back_late(hold=late.fresh(), by=late.seller, amount_minor=1000, request_key="once")
    company.deliver()
    cache.clear()
    return queries.figures()


def test_every_kind_of_end_is_counted_where_it_belongs(months):
    [month] = months
    assert month.begins_on == timezone.now().date().replace(day=1)
    assert month.sales == 6
    assert month.held == Money(60_000)
    assert month.released == Money(10_000 + 6_000 + 10_000)
    assert month.given_back == Money(10_000 + 4_000)
    assert month.taken == Money(10_000)
    assert month.after_release == Money(1_000)
    assert month.lost == Money(-minor(ledger.LOSSES))
    assert month.lost > Money(0)
    assert (month.opening, month.closing) == (Money(0), Money(10_000))


def test_what_is_still_held_is_what_the_hold_accounts_hold(months):
    held = sum(each.balance_minor for each in ledger.totals() if each.kind == "escrow")
    assert months[0].closing == Money(held)


def test_a_month_begins_with_what_the_one_before_left_and_currencies_are_never_added(make_sale):
    before, now = make_sale().funded(), make_sale()
    a_month_passes()
    actions.cancel(hold=before.hold, by=before.seller)
    now.funded()
    euros = actions.create_hold(
        payer=now.buyer, payee=now.seller, amount_minor=700, fee_minor=0, currency="EUR", description="1 x", cause="e:1"
    )
    actions.start_payment(hold=euros, by=now.buyer, payment_method="pm_card_visa")
    in_euros, this, last = queries.figures()
    assert (in_euros.currency, in_euros.opening, in_euros.closing) == ("EUR", Money(0, "EUR"), Money(700, "EUR"))
    assert (last.held, last.closing) == (Money(10_000), Money(10_000))
    assert this.begins_on > last.begins_on
    assert (this.opening, this.held, this.given_back, this.closing) == (
        Money(10_000),
        Money(10_000),
        Money(10_000),
        Money(10_000),
    )


def a_month_passes():
    """What was posted so far was posted a month ago; the guard of the books is lifted for it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "set constraints all immediate; alter table escrow_ledgertransaction disable trigger user;"
            " update escrow_ledgertransaction set posted_at = posted_at - interval '32 days';"
            " alter table escrow_ledgertransaction enable trigger user; set constraints all deferred"
        )


def test_everybody_may_read_them_on_the_page_and_over_rest(months, client, api, moderator):
    page = client.get(reverse("protection-figures")).content.decode()
    assert "$600.00" in page
    [told] = api.get(reverse("api-protection")).json()["months"]
    assert (told["held_minor"], told["closing_minor"], told["currency"]) == (60_000, 10_000, "USD")
    parts = ("opening_minor", "held_minor", "released_minor", "given_back_minor", "taken_minor")
    opening, held, *gone = (told[name] for name in parts)
    assert opening + held - sum(gone) == told["closing_minor"]
    client.force_login(moderator)
    assert "$600.00" in client.get(reverse("admin:protection")).content.decode()


def test_before_the_first_sale_the_page_says_so(client, db):
    cache.clear()
    assert "No payment has been held yet" in client.get(reverse("protection-figures")).content.decode()
