"""A member's statement: what was there, what moved and why, what is there; it adds up, whatever happened."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.money import Money
from apps.escrow import actions, ledger
from apps.escrow.models import LedgerTransaction
from apps.escrow.statements.periods import Period
from apps.escrow.statements.queries import currencies_of, statement_of
from tests.cases import decided
from tests.escrow.conftest import person

pytestmark = pytest.mark.django_db
NOW = timezone.now()
THIS_MONTH = Period(NOW.year, NOW.month)


def of(member, period=THIS_MONTH, currency="USD"):
    return statement_of(member=member, period=period, currency=currency)


def closing(found):
    return {pocket.name: pocket.closing.amount_minor for pocket in found.pockets}


def adds_up(found):
    """Opening and movements make every balance on the way, and the closing one."""
    balances = {pocket.name: pocket.opening for pocket in found.pockets}
    for each in found.movements:
        balances[each.pocket] += each.amount
        assert balances[each.pocket] == each.balance
    assert balances == {pocket.name: pocket.closing for pocket in found.pockets}
    for pocket in found.pockets:
        amounts = [each.amount.amount_minor for each in found.movements if each.pocket == pocket.name]
        assert sum(amount for amount in amounts if amount > 0) == pocket.came.amount_minor
        assert sum(amount for amount in amounts if amount < 0) == pocket.went.amount_minor


def test_buyer_and_seller_see_the_same_sale_each_from_their_side(sale):
    sale.onboarded().delivered()
    assert closing(of(sale.buyer)) == {"purchases": 10_000}
    assert closing(of(sale.seller)) == {"sales": 10_000}
    actions.release(hold=sale.hold, by=sale.buyer)
    assert closing(of(sale.seller)) == {"available": 9470, "sales": 0}
    sale.settle()
    bought, sold = of(sale.buyer), of(sale.seller)
    assert [(each.words, each.amount.amount_minor) for each in bought.movements] == [
        ("You paid; held until you are content", 10_000),
        ("Released to the seller", -10_000),
    ]
    assert [(each.words, each.amount.amount_minor, each.balance.amount_minor) for each in sold.movements] == [
        ("The buyer paid; held until the buyer is content", 10_000, 10_000),
        ("Released", -10_000, 0),
        ("Proceeds after our fee", 9470, 9470),
        ("Sent to your payout account", -9470, 0),
    ]
    assert {(each.about, each.cause) for each in sold.movements} == {("1 x Ember Drake 4", sale.hold.cause)}
    trade = sale.hold.cause.removeprefix("trade:")
    assert {each.address for each in sold.movements} == {reverse("trade", args=[trade])}
    adds_up(bought)
    adds_up(sold)


def test_money_that_goes_back_is_told_on_its_way(sale, moderator):
    decided(sale.disputed(), by=moderator, outcome="split", refund_minor=4000)
    found = of(sale.buyer)
    assert closing(found) == {"purchases": 0, "refunds": 4000}
    assert [each.words for each in found.movements][1:] == [
        "Divided between you and the seller",
        "Your part, to be sent back to you",
    ]
    sale.settle()
    assert closing(of(sale.buyer)) == {"purchases": 0, "refunds": 0}
    adds_up(of(sale.buyer))
    adds_up(of(sale.seller))


def test_a_stranger_has_nothing_and_currencies_are_kept_apart(sale):
    sale.funded()
    assert of(person()).pockets == []
    assert of(sale.seller, currency="EUR").pockets == []
    assert currencies_of(sale.seller) == ["USD"]
    assert of(sale.seller, Period(2001)).pockets == []


@given(
    moves=st.lists(
        st.tuples(st.sampled_from(["USD", "JPY", "KWD"]), st.integers(-500, 2000).filter(bool), st.integers(0, 60)),
        max_size=8,
    )
)
@settings(max_examples=10)
def test_months_and_years_follow_each_other_without_a_gap(moves):
    """What is there at the end of a period is there at the beginning of the next, in every currency."""
    with transaction.atomic():
        member, had = person(), {}
        for number, (currency, minor, day) in enumerate(moves):
            minor = max(minor, -had.get(currency, 0))
            if not minor:
                continue
            had[currency] = had.get(currency, 0) + minor
            amount = Money(minor, currency)
            made = ledger.post(
                kind="fund" if minor > 0 else "transfer",
                idempotency_key=f"{member.pk}:{number}",
                cause="",
                entries=[(ledger.CLEARING, -amount), (ledger.available_account(member.pk), amount)],
            )
            _date_back(made, dt.datetime(2023, 12, 31, 23, 59, 59, tzinfo=dt.UTC) + dt.timedelta(days=day))
        months = [Period(2023, 12), Period(2024, 1), Period(2024, 2), Period(2024, 3)]
        for currency in ("USD", "JPY", "KWD"):
            before = 0
            for period in months:
                found = of(member, period, currency)
                adds_up(found)
                opening = sum(pocket.opening.amount_minor for pocket in found.pockets)
                assert opening == before
                before = sum(closing(found).values())
            assert (
                before
                == had.get(currency, 0)
                == ledger.balance(ledger.available_account(member.pk), currency).amount_minor
            )
            whole = [of(member, Period(year), currency) for year in (2023, 2024)]
            assert [each for found in whole for each in found.movements] == [
                each for period in months for each in of(member, period, currency).movements
            ]
        transaction.set_rollback(True)


def _date_back(number, at):
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table escrow_ledgertransaction disable trigger escrow_transactions_append_only")
        LedgerTransaction.objects.filter(pk=number).update(posted_at=at)
        cursor.execute("alter table escrow_ledgertransaction enable trigger escrow_transactions_append_only")
        cursor.execute("set constraints all deferred")


def test_the_page_the_file_and_the_api_say_the_same(client, api, sale):
    sale.onboarded().delivered()
    actions.release(hold=sale.hold, by=sale.buyer)
    client.force_login(sale.seller)
    assert client.get(reverse("money")).url == reverse("money-month", args=[NOW.year, NOW.month])
    page = client.get(reverse("money-month", args=[NOW.year, NOW.month]))
    assert "Proceeds after our fee" in page.content.decode()
    assert "$94.70" in page.content.decode()
    answer = client.get(reverse("money-year", args=[NOW.year]), {"as": "csv"})
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    moved = [row for row in rows if row["Amount"]]
    assert [Decimal(row["Amount"]) for row in moved] == [Decimal("100.00"), Decimal("-100.00"), Decimal("94.70")]
    assert [(row["What"], row["Balance"]) for row in rows][-2:] == [
        ("Closing balance", "94.70"),
        ("Closing balance", "0.00"),
    ]
    api.force_authenticate(sale.seller)
    told = api.get(reverse("api-money-month", args=[NOW.year, NOW.month])).json()
    assert [each["amount_minor"] for each in told["movements"]] == [10_000, -10_000, 9470]
    assert {each["name"]: each["closing_minor"] for each in told["pockets"]} == {"available": 9470, "sales": 0}
    written = api.get(reverse("api-money-year", args=[NOW.year]), {"format": "csv"})
    assert b"".join(written.streaming_content).startswith(b"Date,Where,What")
    for asked in ({"currency": "EUR"}, {"currency": "EUR", "format": "csv"}):
        refused = api.get(reverse("api-money-year", args=[NOW.year]), asked)
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "INVALID_INPUT")
    assert client.get(reverse("money-year", args=[NOW.year + 1])).status_code == 400


def test_a_page_of_many_movements_costs_as_many_queries_as_one_of_few(client, make_sale, django_assert_max_num_queries):
    seller = person()
    for _ in range(3):
        make_sale(seller=seller).delivered()
    client.force_login(seller)
    with django_assert_max_num_queries(13):
        client.get(reverse("money-month", args=[NOW.year, NOW.month]))
