"""The portfolio's page as people meet it: empty, full, in two currencies, with slips in the address."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.inventory.models import PortfolioDay
from apps.inventory.portfolio import actions
from tests.factories import make_item, make_price, make_product, make_user, make_variant

pytestmark = pytest.mark.django_db
URL = "/portfolio/"


@pytest.fixture
def owner(client):
    user = make_user()
    client.force_login(user)
    return user


def own(owner, name="Ember Drake", value="10.00", currency="USD", **fields):
    variant = make_variant(make_product(name))
    make_price(variant, value, currency=currency, market_price=Decimal(value), change_30d=Decimal(1))
    return make_item(owner, variant, **fields)


def read(client, query=""):
    answer = client.get(URL + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_empty_portfolio_says_what_to_do_next(client, owner):
    page = read(client)
    assert "Nothing to add up yet" in page
    assert reverse("scan-new") in page


def test_the_page_shows_value_gain_date_movers_parts_and_reasons(client, owner):
    own(owner, quantity=2, unit_cost_minor=700)
    page = read(client)
    for words in ("$20.00", "+$6.00", "as of", "by lot", "Near Mint", "+$2.00", "Pok", "no financial advice", "Hold"):
        assert words in page, words
    assert "A line needs two days" in page


def test_the_line_has_its_table_and_its_sentence(client, owner):
    own(owner, quantity=2, unit_cost_minor=700)
    actions.take_days(at=timezone.now() - dt.timedelta(days=2))
    PortfolioDay.objects.update(value=Decimal("15.00"))
    page = read(client)
    assert "The value went from $15.00" in page
    assert "The figures as a table" in page
    assert "taken that day" in page


def test_the_past_is_worked_out_on_demand(client, owner):
    item = own(owner, acquired_on=timezone.now().date() - dt.timedelta(3))
    answer = client.post(reverse("portfolio-work-out"), follow=True)
    assert "3 days before the first" in answer.content.decode()
    assert "estimated from price history" in answer.content.decode()
    assert PortfolioDay.objects.filter(owner=item.owner).count() == 4
    assert client.get(reverse("portfolio-work-out")).status_code == 405


def test_currencies_have_pages_of_their_own(client, owner):
    own(owner, value="30.00")
    own(owner, name="Euro Drake", value="20.00", currency="EUR")
    dollars, euros = read(client), read(client, "?currency=EUR")
    assert "currencies are not mixed" in dollars
    assert "Euro Drake" not in dollars
    assert "€20.00" in euros
    assert "Ember Drake" not in euros


def test_what_cannot_be_used_of_the_address_is_left_out(client, owner):
    own(owner)
    for query in ("?currency=XXX&period=9y&sort=beauty&page=-1", "?page=2", "?page=zwei", "?currency=%00"):
        assert "Portfolio" in read(client, query)


def test_others_portfolios_are_not_shown(client, owner):
    own(make_user(), name="Foreign Drake")
    assert "Foreign Drake" not in read(client)


def test_who_sold_everything_sees_the_realised_gain(client, owner):
    item = own(owner, unit_cost_minor=400)
    item.movements.create(kind="sold", quantity_change=-1, unit_price_minor=900, currency="USD", cause="x")
    item.quantity = 0
    item.save()
    page = read(client)
    assert "+$5.00" in page
    assert "You hold nothing" in page
