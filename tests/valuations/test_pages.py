"""The method page, and market data in the admin: moderators look, admins set trust and take out what was no sale."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.models import AuditEntry
from apps.valuations import actions
from apps.valuations.models import CurrentPrice, Source
from tests.factories import make_price, make_product, make_variant

pytestmark = pytest.mark.django_db


@pytest.fixture
def price(variant):
    """The current price of the ordinary printing, worked out anew."""

    def look():
        actions.refresh_prices([variant.pk])
        return CurrentPrice.objects.get(variant=variant, condition="NM")

    return look


def test_the_method_page_shows_its_example(client):
    page = client.get("/method/").content.decode()
    for words in ("In six steps", "left out", "is <strong>$10.39</strong>", "TCGplayer", "from 1.00 to 2.00"):
        assert words in page, words


@pytest.mark.parametrize("model", ["source", "sale", "currentprice", "valuation"])
def test_moderators_look_and_members_do_not(client, member, moderator, sold, price, variant, model):
    sold("10")
    price()
    actions.value(variant=variant)
    url = f"/admin/valuations/{model}/"
    client.force_login(member)
    assert client.get(url).status_code == 302
    client.force_login(moderator)
    answer = client.get(url)
    row = answer.context["cl"].result_list[0]
    assert answer.status_code == client.get(f"{url}{row.pk}/change/").status_code == 200
    assert client.post(f"{url}{row.pk}/change/", {}).status_code == 403
    assert client.post(f"{url}{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_an_admin_deletes_a_sale_that_was_none(client, admin, sold, price):
    sold("10")
    wrong = sold("90", quantity=25)
    price()
    client.force_login(admin)
    assert client.post(f"/admin/valuations/sale/{wrong.pk}/delete/", {"post": "yes"}).status_code == 302
    assert CurrentPrice.objects.get(condition="NM").value == Decimal("10")
    other = sold("95", quantity=25)
    chosen = {"action": "delete_selected", "_selected_action": [str(other.pk)], "post": "yes"}
    assert client.post("/admin/valuations/sale/", chosen).status_code == 302
    assert AuditEntry.objects.filter(action="sale.removed").count() == 2


def test_an_admin_sets_how_far_a_source_is_trusted(client, admin):
    client.force_login(admin)
    source = Source.objects.get(slug="ebay")
    fields = {"name": "eBay", "url": source.url, "reliability": "0.55"}
    assert client.post(f"/admin/valuations/source/{source.pk}/change/", fields).status_code == 302
    source.refresh_from_db()
    assert source.reliability == Decimal("0.55")
    assert AuditEntry.objects.get(action="source.corrected").after == {"reliability": "0.55"}


@pytest.mark.parametrize("model", ["sale", "currentprice", "valuation"])
def test_a_list_takes_the_same_queries_however_long(client, moderator, sold, variant, model):
    client.force_login(moderator)

    def fill(count):
        for n in range(count):
            other = make_variant(make_product(f"Card {n}"))
            sold("10", variant=other)
            actions.value(variant=other)
            make_price(other, "10")

    def count():
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/admin/valuations/{model}/")
        return len(captured)

    fill(2)
    count()
    before = count()
    fill(12)
    assert count() == before
