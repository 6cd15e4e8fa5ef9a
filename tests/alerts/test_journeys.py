"""Each kind from the form on the page, by the fact that happens, to what the member reads: once per crossing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from apps.alerts.models import Alert, Rule
from apps.core.outbox import emit_all
from apps.valuations.events import PriceChanged
from apps.valuations.models import CurrentPrice
from tests.factories import make_item, make_listing

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client, member, variant):
    """Sets an alert by its form; answers the page that follows."""
    client.force_login(member)

    def submit(kind, *, cool_down_hours="1", **fields):
        address = reverse("alert-new", args=[variant.product_id])
        if kind.startswith("portfolio"):
            address = reverse("alert-new-inventory")
        elif kind not in ("availability", "under_fair_value"):
            fields = {"condition": "NM"} | fields
        answer = client.post(f"{address}?kind={kind}", fields | {"cool_down_hours": cool_down_hours}, follow=True)
        assert "The alert is set." in answer.content.decode(), answer.context["form"].errors
        return answer

    return submit


@pytest.fixture
def becomes(variant, relay):
    """The fair value becomes another one, as the refresh states it, three hours later than the last; the fact is carried."""
    moments = [timezone.now() - dt.timedelta(days=60)]

    def change(value, *, hours=3, **figures):
        moments.append(moments[-1] + dt.timedelta(hours=hours))
        price = CurrentPrice.objects.get(variant=variant, condition="NM")
        old, new = price.value, Decimal(value)
        CurrentPrice.objects.filter(pk=price.pk).update(
            value=new, low=new, high=new, computed_at=moments[-1], **figures
        )
        with transaction.atomic():
            fact = {"variant_id": variant.pk, "condition": "NM", "currency": "USD", "at": moments[-1]}
            emit_all([PriceChanged(old=old, new=new, **fact)])
        relay()

    CurrentPrice.objects.filter(variant=variant).update(computed_at=moments[0])
    return change


@pytest.fixture
def reads(client):
    """What the history page tells, newest first."""
    return lambda: [alert.words for alert in client.get(reverse("alerts-history")).context["page"].rows]


def test_a_drop(page, becomes, reads):
    page("price_drop", comparison="<", amount="80")
    for value in ("90", "79", "78", "81", "79"):
        becomes(value)
    assert len(reads()) == 1, "81 is not back past the line by its band"
    becomes("83")
    becomes("75")
    first, _ = reads()
    assert first == "Charizard ex 199/165 NM fell to $75.00, under your $80.00. It was $83.00 before."


def test_a_rise_and_its_pause(page, becomes, reads):
    page("price_increase", comparison=">=", amount="120", cool_down_hours="24")
    for value in ("120", "100", "125"):
        becomes(value)
    assert len(reads()) == 1, "the second crossing is within the pause"
    becomes("126", hours=24)
    assert len(reads()) == 2


def test_a_percentage_over_a_window(page, becomes, reads):
    page("price_change", percent="10", period="7d", direction="up")
    becomes("104", market_price=Decimal(104), change_7d=Decimal(4))
    assert reads() == []
    becomes("115", market_price=Decimal(115), change_7d=Decimal(15))
    becomes("116", market_price=Decimal(116), change_7d=Decimal(16))
    assert reads() == ["Charizard ex 199/165 NM rose by 15 % in 7 days, from $100.00 to $115.00."]


def test_a_copy_for_sale(page, relay, variant, reads, member):
    page("availability", amount="90")
    make_listing(variant=variant, price_minor=9500)
    make_listing(member, variant=variant, price_minor=5000)
    relay()
    assert reads() == [], "too dear, and one's own"
    offer = make_listing(variant=variant, price_minor=8900)
    relay()
    assert reads() == ["Charizard ex 199/165 NM is for sale at $89.00."]
    assert Alert.objects.get().listing_id == offer.pk


def test_an_offer_under_fair_value(page, relay, variant, reads):
    page("under_fair_value", percent="20")
    make_listing(variant=variant, price_minor=8100)
    relay()
    assert reads() == []
    make_listing(variant=variant, price_minor=7500)
    relay()
    assert reads() == [
        "Charizard ex 199/165 NM is offered at $75.00, 25 % under its fair value of $100.00.",
    ]


@pytest.mark.parametrize(
    ("kind", "fields", "values", "said"),
    [
        ("portfolio_drop", {"comparison": "<", "amount": "150"}, ["70", "69"], "fell to $140.00"),
        ("portfolio_increase", {"comparison": ">", "amount": "250"}, ["126", "127"], "rose to $252.00"),
    ],
)
def test_the_worth_of_the_portfolio(page, becomes, reads, member, variant, kind, fields, values, said):
    make_item(member, variant, quantity=2)
    page(kind, **fields)
    for value in values:
        becomes(value)
    (told,) = reads()
    assert told.startswith(f"Your inventory {said}")


def test_a_movement_of_the_portfolio(page, becomes, reads, member, variant):
    make_item(member, variant, quantity=2)
    page("portfolio_change", percent="10", period="30d", direction="either")
    becomes("85", market_price=Decimal(85), change_30d=Decimal(-15))
    becomes("84", market_price=Decimal(84), change_30d=Decimal(-16))
    (told,) = reads()
    assert told == "Your inventory fell by 15 % in 30 days, to $170.00."
    assert Rule.objects.get().watches.get().is_armed is False
