"""Statements add up to the ledger, whatever happened to the sales."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from apps.core import outbox
from apps.core.errors import InvalidInput
from apps.core.money import Money
from apps.escrow import actions as escrow
from apps.escrow import ledger
from apps.trades import actions
from apps.trades.selling import statement_papers, statements, taxes
from apps.trades.selling.statements import Period, Sums
from apps.trades.selling.views import told_of
from apps.valuations.models import ExchangeRate
from tests.cases import decided
from tests.factories import make_user

NOW = timezone.now()
THIS_MONTH, THIS_YEAR = Period(NOW.year, NOW.month), Period(NOW.year)


def sums(seller, period=THIS_YEAR):
    return statements.sums_of(seller=seller, period=period, currency="USD")


def split(trade, moderator, refund_minor):
    actions.ship(trade=trade, by=trade.seller, tracking_number="1")
    actions.confirm_delivery(trade=trade, by=trade.buyer)
    case = actions.open_dispute(trade=trade, by=trade.buyer, reason="other", statement="Worn.")
    decided(case, by=moderator, outcome="split", refund_minor=refund_minor)
    outbox.relay()


@pytest.fixture
def busy(seller, paid, moderator):
    """A sale of each kind: released, refunded, split, still held, not paid."""
    trades = {
        stage: paid(stage, price_minor=2000) for stage in ("released", "refunded", "funded", "created", "shipped")
    }
    split(trade := paid(price_minor=3000), moderator, 1000)
    return {**trades, "split": trade}


@pytest.mark.django_db
def test_a_statement_adds_up_to_the_ledger(seller, busy):
    found = sums(seller)
    assert found.closing == ledger.balance(ledger.available_account(seller.pk)).amount_minor
    held = sum(ledger.balance(ledger.hold_account(trade.hold_id)).amount_minor for trade in busy.values())
    assert found.held == held
    assert -found.fees == ledger.balance(ledger.FEES).amount_minor
    shipping = busy["split"].shipping_minor
    assert (found.sales, found.cards, found.shipping) == (2, 2000 + 2000 + 3000, 3 * shipping)
    assert -found.refunds == 2000 + shipping + 1000
    assert found.charges == 5


@pytest.mark.django_db
def test_movements_and_months_say_the_same_as_the_sums(seller, busy):
    found = sums(seller, THIS_MONTH)
    moved = statements.movements_of(seller=seller, period=THIS_MONTH, currency="USD")
    [(month, of_month)] = statements.months_of(seller=seller, year=NOW.year, currency="USD")
    assert month == THIS_MONTH
    for name in ("cards", "shipping", "refunds", "fees", "payouts"):
        assert sum(getattr(each, name) for each in moved) == getattr(found, name) == getattr(of_month, name)
    assert of_month.sales == found.sales
    assert {each.kind for each in moved} == {"sale", "returned"}


@pytest.mark.django_db
def test_payouts_leave_the_balance(seller, paid, company):
    company.onboard(seller)
    escrow.refresh_seller_account(user=seller)
    paid("released", price_minor=2000)
    before = sums(seller).closing
    assert escrow.settle_due() == 1
    after = sums(seller)
    assert (after.payouts, after.closing) == (-before, 0)
    assert ledger.balance(ledger.available_account(seller.pk)).amount_minor == 0


@pytest.mark.django_db
def test_what_was_before_is_the_balance_at_the_beginning(seller, busy):
    found = sums(seller)
    later = statements.sums_of(seller=seller, period=Period(NOW.year + 1), currency="USD")
    assert (later.opening, later.held_opening) == (found.closing, found.held)
    assert (later.cards, later.payouts, later.sales) == (0, 0, 0)
    assert sums(seller, Period(NOW.year - 1)) == Sums()


@pytest.mark.django_db
def test_nobody_elses_sales_are_in_it(seller, busy):
    assert sums(make_user()) == Sums()
    assert sums(busy["released"].buyer) == Sums()


@pytest.mark.django_db
def test_the_csv_runs_from_the_opening_to_the_closing_balance(seller, busy):
    told = told_of(seller=seller, period=THIS_MONTH, currency="USD")
    text = "".join(statement_papers.as_csv(told)).removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0]["Kind"] == "Opening balance"
    assert rows[-1]["Kind"] == "Closing balance"
    assert Decimal(rows[-1]["Balance"]) == Money(told.sums.closing).decimal
    for column in ("Cards", "Shipping", "Refunds", "Fees", "Payouts"):
        assert sum(Decimal(row[column] or 0) for row in rows[1:-1]) == Decimal(rows[-1][column])


@pytest.mark.django_db
@pytest.mark.parametrize("period", [THIS_MONTH, THIS_YEAR], ids=["month", "year"])
def test_the_pdf_has_the_figures(period, seller, busy):
    told = told_of(seller=seller, period=period, currency="USD")
    file = statement_papers.as_pdf(told, site="CardVault")
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(file.read())).pages)
    assert period.name in text
    assert str(Money(told.sums.closing)) in text
    assert period.month or "1099-K" in text


@given(st.text(max_size=20))
def test_no_cell_is_a_formula(text):
    assert statement_papers.harmless(text)[:1] not in ("=", "+", "-", "@", "\t", "\r")


@pytest.mark.parametrize(("year", "month"), [(1999, 1), (NOW.year + 1, 0), (NOW.year, 13), (10**6, 0)])
def test_times_without_a_statement_are_refused(year, month):
    with pytest.raises(InvalidInput):
        statements.period_of(year, month)


def us(**figures):
    [reached] = taxes.standing(country="US", sums={"USD": Sums(**figures)}, on=dt.date(2026, 1, 1))
    return reached.is_reached


def test_1099_k_needs_both_number_and_amount():
    assert us(charges=201, held_in=20_000_01) is True
    assert us(charges=200, held_in=90_000_00) is False
    assert us(charges=900, held_in=20_000_00) is False


@pytest.mark.django_db
def test_dac7_needs_one_of_both_in_euros():
    ExchangeRate.objects.create(day="2026-01-01", currency="USD", per_euro="1.25")

    def eu(**figures):
        [reached] = taxes.standing(country="DE", sums={"USD": Sums(**figures)}, on=dt.date(2026, 1, 1))
        return reached

    assert eu(sales=29, cards=2500_00).is_reached is False
    assert eu(sales=29, cards=2500_02).is_reached is True
    assert eu(sales=30, cards=1).is_reached is True
    assert "€" in eu(sales=1, cards=100).words


@pytest.mark.django_db
def test_without_a_rate_only_what_is_sure_is_said():
    def eu(sales):
        [reached] = taxes.standing(country="FR", sums={"USD": Sums(sales=sales, cards=5)}, on=dt.date(1990, 1, 1))
        return reached.is_reached

    assert eu(30) is True
    assert eu(29) is None
    assert taxes.standing(country="JP", sums={"USD": Sums()}, on=dt.date(2026, 1, 1)) == []


def test_a_site_may_have_facts_of_its_own(settings, tmp_path):
    file = tmp_path / "facts.toml"
    text = (taxes._OWN).read_text().replace('amount = "20000"', 'amount = "5"').replace("sales = 200", "sales = 1")
    file.write_text(text)
    settings.TAX_THRESHOLDS = file
    assert us(charges=2, held_in=5_01) is True
    settings.TAX_THRESHOLDS = tmp_path / "missing.toml"
    with pytest.raises(InvalidInput, match="TAX_THRESHOLDS"):
        taxes.thresholds()


def test_every_fact_has_a_source_and_a_date():
    for rule in taxes.thresholds():
        assert rule.source
        assert rule.address.startswith("https://")
        assert rule.as_of <= NOW.date()
