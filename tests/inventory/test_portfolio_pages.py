"""The portfolio's page as people meet it: empty, full, in two currencies, with slips in the address."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from apps.inventory.models import PortfolioDay
from apps.inventory.portfolio import actions, work
from apps.inventory.portfolio.tasks import work_out_past
from apps.valuations.rates import keep_rates
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


def test_the_past_is_worked_out_on_demand(client, owner, django_capture_on_commit_callbacks):
    item = own(owner, acquired_on=timezone.now().date() - dt.timedelta(3))
    with django_capture_on_commit_callbacks() as asked:
        page = client.post(reverse("portfolio-work-out"), follow=True).content.decode()
    assert len(asked) == 1
    assert "Waiting for its turn" in page
    with django_capture_on_commit_callbacks() as again:
        page = client.post(reverse("portfolio-work-out"), follow=True).content.decode()
    assert ("being worked out already" in page, again) == (True, [])
    work_out_past(str(owner.pk))
    page = read(client)
    assert "Worked out anew: today, and 3 days before the first that was taken." in page
    assert "estimated from price history" in page
    assert PortfolioDay.objects.filter(owner=item.owner).count() == 4
    assert client.get(reverse("portfolio-work-out")).status_code == 405


def test_how_far_it_is_is_told_until_it_is_done(client, owner):
    own(owner, acquired_on=timezone.now().date() - dt.timedelta(40))
    seen = []
    actions.work_out(by=owner, told=lambda done, steps: seen.append((done, steps)))
    assert seen == [(n, seen[-1][1]) for n in range(1, seen[-1][1] + 1)]
    cache.set(f"portfolio-work:{owner.pk}", work.Standing(3, 12))
    progress = client.get(reverse("portfolio-progress"), headers={"hx-request": "true"})
    assert "25 %" in progress.content.decode()
    assert "HX-Refresh" not in progress
    cache.set(f"portfolio-work:{owner.pk}", work.Standing(12, 12, days=40))
    assert client.get(reverse("portfolio-progress"), headers={"hx-request": "true"})["HX-Refresh"] == "true"


def test_work_that_broke_says_so_and_can_be_asked_for_again(client, owner, monkeypatch):
    own(owner)
    with monkeypatch.context() as patched:
        patched.setattr(actions, "DAYS_AT_ONCE", 0)
        with pytest.raises(ValueError, match="range"):
            work_out_past(str(owner.pk))
    assert "broke off" in read(client)
    assert work.ask(by=owner)


def test_the_past_in_parts_is_the_past_in_one(owner):
    variant = make_variant(make_product("Ember Drake"))
    make_price(variant, "10.00")
    make_item(owner, variant, quantity=3, acquired_on=timezone.now().date() - dt.timedelta(100))
    at = timezone.now()

    def days():
        return list(PortfolioDay.objects.filter(is_estimate=True).order_by("day").values_list("day", "value", "copies"))

    actions.work_out(by=owner, at=at)
    whole = days()
    actions.work_out(by=owner, at=at, told=lambda done, steps: None)
    assert len(whole) == 100
    assert days() == whole


def test_currencies_together_in_the_members_own(client, owner):
    today = timezone.now().date()
    keep_rates(f"<Cube><Cube time='{today}'><Cube currency='USD' rate='1.25'/></Cube></Cube>".encode())
    own(owner, value="30.00")
    own(owner, name="Euro Drake", value="20.00", currency="EUR")
    page = read(client)
    for words in ("All in USD", "$55.00", "Euro Drake", "€20.00", "European Central Bank", "Ember Drake"):
        assert words in page, words
    assert "Euro Drake" not in read(client, "?currency=USD")
    assert "$55.00" not in read(client, "?currency=EUR")


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
