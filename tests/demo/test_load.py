"""Loading the demo: everything that a page wants to show is there, the books are right, and a repeat changes nothing."""

from __future__ import annotations

import json
import re
import tempfile
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import TestCase, override_settings
from django.utils import timezone

from apps.accounts.models import Role, User
from apps.alerts.models import Alert
from apps.catalog.models import Product, ProductImage, Variant
from apps.core import outbox
from apps.demo import catalogue, dealings, market, people, trades
from apps.escrow import ledger
from apps.escrow.models import Dispute, HoldState, Payment, SellerAccount, Settlement
from apps.inventory.models import InventoryImport, InventoryItem
from apps.listings.cart.models import CartLine
from apps.listings.models import Listing, SavedSearch
from apps.listings.offers.models import Offer
from apps.listings.selling.models import Repricing
from apps.listings.wants.models import Have, Match, Want
from apps.listings.watching.models import Watch
from apps.trades.checkout.models import Order
from apps.trades.models import Message, Review, Trade
from apps.trades.reports.models import Report
from apps.trades.swaps.models import Swap
from apps.valuations.models import CurrentPrice, Quote, Sale
from tests.payments import payment_company

PICTURES = 24
COUNTED = (
    User, Product, Variant, ProductImage, Quote, Sale, CurrentPrice, InventoryItem, Listing, Trade, Message, Review,
    Payment, Settlement, SellerAccount, Dispute, Offer, Swap, Want, Have, Watch, Alert, CartLine, Order, Report, Repricing,
    InventoryImport, SavedSearch, *apps.get_app_config("escrow").get_models(),
)  # fmt: skip


def load(**given: object) -> str:
    """The command's words. Drawn in this process, for the data must stay within the test's transaction."""
    told = StringIO()
    call_command("load_demo", pictures=PICTURES, processes=1, stdout=told, **given)
    return told.getvalue()


def rows() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in COUNTED}


def books() -> list[tuple[str, int]]:
    return [(row.kind, row.balance_minor) for row in ledger.totals()]


class TestTheLoadedDemo(TestCase):
    """One demo, with fewer pictures than usual, for every test here."""

    @classmethod
    def setUpTestData(cls) -> None:
        """Load it, the payment company being reached as it always is."""
        media = cls.enterClassContext(tempfile.TemporaryDirectory())
        company = cls.enterClassContext(payment_company(webhook_url=None))
        cls.enterClassContext(
            override_settings(
                MEDIA_ROOT=media,
                DATA_DIR=Path(media),
                STRIPE_API_BASE=company.public_url,
                SETTINGS_MODULE=settings.SETTINGS_MODULE,  # an override has none of its own
            )
        )
        cls.words = load()

    def test_it_tells_what_it_did(self):
        steps = dict(re.findall(r"demo: ([a-z, ]+): (\d+) ", self.words))
        expected = [
            "facts",
            "pictures",
            "photographs",
            "market",
            "fair values",
            "people, inventories, listings",
            "trades",
            "wants, offers, alerts",
        ]
        assert [name for name in steps if name in expected] == expected
        assert all(int(steps[name]) > 0 for name in expected)

    def test_a_repeat_changes_nothing(self):
        before, balances = rows(), books()
        assert load() == "demo data are loaded already\n"
        assert (rows(), books()) == (before, balances)

    def test_not_even_a_repeat_of_every_step(self):
        """As after a start that was stopped just before it could note that all is done."""
        before, balances = rows(), books()
        catalogue.load_facts()
        assert catalogue.draw_pictures(most=PICTURES, processes=1) == 0
        assert catalogue.compose_photographs() == []
        assert market.make_market(now=timezone.now()) == 0
        members = people.make_people()
        list(trades.make_trades(members, trades.make_inventories(members)))
        assert list(dealings.make_dealings(members)) == []
        assert (rows(), books()) == (before, balances)

    def test_every_stage_of_a_trade_is_there(self):
        states = Counter(Trade.objects.values_list("hold__state", flat=True))
        assert set(states) == set(HoldState.values)
        cases = set(Dispute.objects.values_list("state", "outcome"))
        assert {("open", ""), ("answered", ""), ("decided", "refund"), ("decided", "split")} <= cases
        assert Payment.objects.filter(state="failed", hold__state="created").exclude(failure_message="").exists()
        assert Review.objects.filter(trade__hold__state="released").count() == 3

    def test_every_room_of_the_market_is_in_use(self):
        """Offers in each state, swaps, wants that match and wants to repair, alerts, a cart of several sellers."""
        assert set(Offer.objects.values_list("state", flat=True)) == {"open", "countered", "agreed", "declined"}
        assert sorted(Swap.objects.values_list("state", flat=True)) == [
            "countered",
            "proposed",
            "proposed",
            "under-way",
        ]
        assert set(Want.objects.values_list("state", flat=True)) >= {"open", "unknown"}
        assert Match.objects.filter(listing__isnull=False).exists()
        assert Match.objects.filter(have__isnull=False).exists()
        assert set(Alert.objects.values_list("kind", flat=True)) >= {"want_matched", "under_fair_value", "availability"}
        assert Watch.objects.exists()
        assert CartLine.objects.filter(is_saved=False).values("listing__seller").distinct().count() >= 2
        assert CartLine.objects.filter(is_saved=True).exists()
        assert Order.objects.get().parcels.filter(trade__hold__state=HoldState.FUNDED).count() == 2
        assert set(InventoryImport.objects.get().lines.values_list("state", flat=True)) >= {"matched", "unknown"}
        assert Repricing.objects.get().lines.exists()
        assert Review.objects.exclude(answer="").exists()
        assert Report.objects.get().reporter.display_name == "Tom Trader"

    def test_trades_have_followed_their_holds(self):
        finished = {"released", "refunded", "split", "cancelled"}
        for trade in Trade.objects.select_related("hold"):
            assert (trade.state != Trade.State.OPEN) == (trade.hold.state in finished), trade.hold.state
        assert outbox.relay() == 0

    def test_sellers_were_paid_and_buyers_refunded(self):
        settlements = set(Settlement.objects.values_list("kind", "state", "hold__state"))
        assert settlements == {
            ("transfer", "sent", "released"), ("refund", "sent", "refunded"),
            ("transfer", "sent", "split"), ("refund", "sent", "split"),
        }  # fmt: skip
        accounts = SellerAccount.objects.filter(transfers_active=True).values_list("user__email", flat=True)
        assert set(accounts) == {f"{handle}@{people.DOMAIN}" for handle in trades.PAID}

    def test_the_books_balance(self):
        assert ledger.check() == []
        assert sum(balance for _, balance in books()) == 0

    def test_every_kind_of_account_can_sign_in(self):
        told = json.loads((settings.DATA_DIR / "demo_accounts.json").read_text())
        assert [account["role"] for account in told] == ["seller", "buyer", "trader", "moderator", "admin"]
        for account in told:
            assert self.client.login(username=account["email"], password=account["password"]), account["role"]
        assert set(User.objects.values_list("role", flat=True)) == set(Role.values)
        assert User.objects.get(role=Role.ADMIN).is_superuser
        assert User.objects.filter(sales__isnull=False).exclude(about="").exists()

    def test_every_card_has_prices_with_history(self):
        assert CurrentPrice.objects.filter(condition="NM").count() == Variant.objects.count()
        assert not CurrentPrice.objects.filter(value__lte=0).exists()
        assert not Quote.objects.filter(market__lte=0).exists()
        assert not Sale.objects.filter(price__lte=0).exists()
        assert not Sale.objects.filter(sold_at__gt=timezone.now()).exists()
        assert Quote.objects.count() == Variant.objects.count() * market.WEEKS

    def test_what_is_for_sale_has_a_picture_and_a_sensible_price(self):
        active = Listing.objects.filter(state=Listing.State.ACTIVE).select_related("item__variant__product")
        assert active.count() > 40
        for listing in active:
            fair = CurrentPrice.objects.get(variant=listing.item.variant, condition="NM").value
            assert listing.item.variant.product.images.exclude(file="").exists()
            assert listing.price_minor >= 50
            assert listing.item.grade_company or listing.price_minor <= max(50, fair * 130)

    def test_every_set_of_pages_has_something_to_show(self):
        categories = set(ProductImage.objects.values_list("product__category__path", flat=True))
        assert categories == set(catalogue.PICTURES)
        photographs = {path.stem for path in (Path(settings.MEDIA_ROOT) / catalogue.PHOTOS).iterdir()}
        assert photographs == {"one-card", "nine-on-a-table", "sleeved", "tilted", "playmat", "fan", "box"}

    def test_the_worker_draws_the_rest(self):
        missing = Product.objects.filter(images__isnull=True).count()
        assert catalogue.draw_more(limit=3) == 3
        assert Product.objects.filter(images__isnull=True).count() == missing - 3


def test_too_few_pictures_for_the_photographs_are_refused():
    with pytest.raises(CommandError, match="20 pictures"):
        call_command("load_demo", pictures=5)


@override_settings(SETTINGS_MODULE="config.settings.production")
def test_a_production_database_is_left_alone():
    with pytest.raises(CommandError, match="production database"):
        call_command("load_demo")
