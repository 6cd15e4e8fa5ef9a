"""A load that was stopped in the middle is completed by the next one, and makes nothing twice."""

from __future__ import annotations

from collections import Counter

import pytest

from apps.catalog.models import ProductImage
from apps.demo import dealings, trades
from apps.demo.people import address_of, make_people
from apps.escrow import ledger
from apps.escrow.models import HoldState, Payment
from apps.trades import actions
from apps.trades.models import Message, Trade
from tests.factories import make_price, make_product, make_variant
from tests.payments import payment_company

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _payments(settings, db):
    with payment_company(webhook_url=None) as company:
        settings.STRIPE_API_BASE = company.public_url
        yield


@pytest.fixture
def cards():
    """Fifty cards with a picture's name and a price."""
    for number in range(50):
        variant = make_variant(make_product(f"Drake {number}", number=str(number)))
        ProductImage.objects.create(product=variant.product, file=f"x/{number}.png")
        make_price(variant, "10.00")


def stories() -> Counter:
    return Counter(Trade.objects.values_list("request_key", flat=True))


def finish() -> None:
    """What the next start does."""
    members = make_people()
    list(trades.make_trades(members, trades.make_inventories(members)))


def begun(until: str) -> dict:
    """A load that is stopped when the trade of this name has been made."""
    members = make_people()
    for name in trades.make_trades(members, trades.make_inventories(members)):
        if name == until:
            return members
    raise AssertionError(until)


@pytest.mark.parametrize("stopped_after", ["created", "shipped", "released", "decided-refund"])
def test_trades_go_on_where_they_stopped(cards, stopped_after):
    begun(stopped_after)
    assert not trades.are_made()
    half = stories()
    finish()
    assert trades.are_made()
    assert set(stories().values()) == {1}
    assert set(stories()) > set(half)
    assert set(Trade.objects.values_list("hold__state", flat=True)) == set(HoldState.values)
    assert Payment.objects.filter(state="failed").count() == 1
    assert ledger.check() == []


def test_a_trade_that_was_left_in_the_middle_is_brought_to_its_end(cards):
    members = begun("declined")
    listing = members["seller"].listings.filter(state="active").last()
    half = actions.buy(
        listing=listing, quantity=1, ship_to=address_of("buyer"), by=members["buyer"], request_key="demo-split"
    )
    actions.pay(trade=half, by=half.buyer, payment_method="pm_card_visa")
    finish()
    half.refresh_from_db()
    assert half.hold.state == "split"
    assert half.state == Trade.State.COMPLETED
    assert set(stories().values()) == {1}
    assert Message.objects.filter(trade=half, author=half.seller).count() == 1


def test_without_a_payment_company_only_unpaid_trades_are_made(cards, settings):
    settings.STRIPE_SECRET_KEY = ""
    finish()
    assert trades.are_made()
    assert set(Trade.objects.values_list("hold__state", flat=True)) == {"created", "cancelled"}
    settings.STRIPE_SECRET_KEY = "sk_test_sandbox"
    assert not trades.are_made()  # a company that came later brings the others
    finish()
    assert trades.are_made()
    assert set(stories().values()) == {1}


@pytest.mark.parametrize("stopped_after", ["wants", "offers", "an order"])
def test_what_members_have_going_on_is_made_once(cards, stopped_after):
    finish()
    members = make_people()
    assert not dealings.are_made(members)
    made = dealings.make_dealings(members)
    first = [stopped_after]
    while next(made) != stopped_after:
        first.append("")
    made.close()  # the load is stopped there
    assert not dealings.are_made(members)
    assert len(first) + len(list(dealings.make_dealings(members))) == 12
    assert dealings.are_made(members)
    assert list(dealings.make_dealings(members)) == []
    assert ledger.check() == []
