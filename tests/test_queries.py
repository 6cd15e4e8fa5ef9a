"""How many queries each page makes: exactly what is written here, with a few rows and with many."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from itertools import count

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.accounts.blocks import actions as blocks
from apps.accounts.models import Role
from apps.alerts import actions as alerts
from apps.catalog.models import ProductImage
from apps.core import outbox
from apps.core.ids import uuid7
from apps.escrow import actions as escrow
from apps.inventory.models import ItemPhoto
from apps.listings.offers import actions as offers
from apps.listings.selling import rules
from apps.listings.selling.pricing import FAIR, PriceRule
from apps.listings.watching import actions as watching
from apps.notifications.webhooks.secrets import new_secret, sealed
from apps.risk.models import Assessment
from apps.trades import actions as trades
from apps.trades.reports import actions as reports
from apps.valuations.models import Feed
from tests.factories import (
    ADDRESS,
    make_item,
    make_listing,
    make_price,
    make_product,
    make_trade,
    make_user,
    make_variant,
)
from tests.trades.conftest import STAGES, at_stage, company  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db

_numbers = count()

# Session and user are two of those of every page that a member reads.
MOST = {
    "home": 1,
    "home of a member": 4,
    "search": 3,
    "market": 4,
    "market for words": 4,
    "searches": 3,
    "watching": 3,
    "repricing-rules": 3,
    "card": 7,
    "card of a member": 9,
    "release": 5,
    "release of a member": 8,
    "movers": 1,
    "sets": 3,
    "inventory": 7,
    "item": 7,
    "portfolio": 8,
    "sell": 9,
    "list-item": 8,
    "listing": 5,
    "offers received": 5,
    "offers made": 5,
    "offers ended": 4,
    "offer": 5,
    "offer-make": 6,
    "blocks": 3,
    "choices": 4,
    "checkout": 6,
    "trades": 7,
    "trade": 12,
    "alerts": 4,
    "alerts-history": 3,
    "alert": 5,
    "alert-new": 5,
    "notifications": 5,
    "notification-settings": 6,
    "webhooks": 3,
    "webhook-endpoint": 5,
    "profile": 2,
    "standing": 0,
    "report": 3,
    "reports": 4,
    "admin checks": 9,
    "admin check": 12,
    "admin risk rules": 7,
    "admin reports": 8,
    "admin report": 9,
    "member": 6,
    "cases": 8,
    "case": 24,
    "feeds": 9,
    "admin protection": 7,
    "api inventory": 4,
    "api portfolio": 3,
    "api portfolio history": 4,
    "api portfolio holdings": 4,
    "api portfolio allocation": 4,
    "api portfolio movers": 4,
    "api listings": 1,
    "api listings search": 4,
    "api notifications": 3,
    "api webhook messages": 4,
    "api alerts": 4,
    "api alerts history": 3,
    "api offers": 3,
    "api watched": 3,
    "api blocks": 3,
    "api consents": 4,
    "api reports": 3,
    "api standing": 3,
    "api trades": 7,
    "api trade": 11,
    "cases of a member": 9,
    "case of a member": 9,
    "case figures": 11,
    "protection": 4,
}


@pytest.fixture(autouse=True)
def _no_limit_for_new_sellers(settings):
    settings.NEW_SELLER_OPEN_LIMIT_MINOR = 10**9
    settings.OFFERS = settings.OFFERS | {"most_open": 100, "tries_a_day": 100}


class World:
    """A market that grows: every call of `grow` adds a round of everything that the pages list."""

    def __init__(self) -> None:
        self.seller, self.buyer = make_user(), make_user()
        self.moderator = make_user(role=Role.MODERATOR)
        self.variant = make_variant(make_product("Ember Drake"))
        make_price(self.variant)
        self.item = make_item(self.seller, self.variant)
        self.listing = make_listing(variant=self.variant)
        self.free = make_item(self.seller, self.variant, notes="free")
        self.trade = at_stage("answered", listing=make_listing(self.seller, variant=self.variant), buyer=self.buyer)
        self.product = self.variant.product
        self.report = reports.report(
            kind="member", target_id=self.buyer.pk, reason="other", statement="Rude.", by=self.seller
        )
        self.check = self._check(self.trade.hold_id)
        self.buyer.addresses.create(**ADDRESS)
        self.case = self.trade.hold.disputes.get()
        self.bargained = make_listing(self.seller, variant=self.variant, price_minor=2000)
        self.offer = offers.make_offer(listing=self.bargained, by=self.buyer, price_minor=1000)
        self.alert = alerts.set_rule(by=self.buyer, kind="price_drop", product=self.product, amount=5)
        alerts.set_rule(by=self.buyer, kind="portfolio_drop", amount=5)
        self.endpoint = self.buyer.webhook_endpoints.create(
            url="https://hooks.example/", secret=sealed(new_secret()), events=["webhook.disabled"]
        )

    def grow(self, rounds: int) -> None:
        """Add `rounds` of everything."""
        for number in range(rounds):
            seller = make_user()
            other = make_variant(make_product(f"Drake {number}"))
            make_price(other, change_30d="1.00")
            ProductImage.objects.create(product=other.product, file=f"x/{other.pk}.jpg", is_primary=True)
            make_variant(self.product, finish=f"foil-{next(_numbers)}")
            wanted = make_listing(seller, variant=other, price_minor=2000)
            offers.make_offer(listing=wanted, by=self.buyer, price_minor=1000)
            offers.make_offer(listing=self.bargained, by=make_user(), price_minor=1000)
            ended = offers.make_offer(listing=self.bargained, by=make_user(), price_minor=1000)
            offers.decline(offer=ended, by=self.seller)
            blocks.block(other=make_user(), by=self.buyer)
            watching.watch(listing=wanted, by=self.buyer)
            rules.keep_rule(by=self.seller, name=f"rule {next(_numbers)}", rule=PriceRule(kind=FAIR))
            told = {"kind": "member", "reason": "other", "statement": "Rude."}
            reports.report(target_id=seller.pk, by=self.buyer, **told)
            about = reports.report(target_id=self.buyer.pk, by=seller, **told)
            reports.decide(report=about, uphold=True, decision="So it is.", by=self.moderator)
            for owner in (seller, self.seller):
                make_listing(owner, variant=self.variant)
                make_listing(owner, variant=other)
                item = make_item(owner, other)
                ItemPhoto.objects.create(item=item, file=f"y/{item.pk}.jpg", width=1, height=1)
            ItemPhoto.objects.create(item=self.item, file=f"y/{next(_numbers)}.jpg", width=1, height=1)
            ItemPhoto.objects.create(item=self.listing.item, file=f"z/{next(_numbers)}.jpg", width=1, height=1)
            stage = STAGES[number % len(STAGES)]
            at_stage(stage, listing=make_listing(self.seller, variant=other), buyer=self.buyer)
            at_stage("disputed", listing=make_listing(self.seller, variant=other), buyer=make_user())
            done = at_stage("released", listing=make_listing(self.seller, variant=other), buyer=self.buyer)
            trades.review(trade=done, by=self.buyer, rating=5)
            trades.review(trade=done, by=self.seller, rating=4)
            trades.say(trade=self.trade, by=self.buyer, body=f"Hello {next(_numbers)}")
            escrow.add_evidence(dispute=self.case, by=self.buyer, note=f"look {number}")
            self._check(uuid7())
            self.buyer.addresses.create(**ADDRESS | {"line1": f"{number}"}, is_default=False)
            alerts.set_rule(by=self.buyer, kind="availability", product=other.product)
            told = {"rule": self.alert, "kind": "price_drop", "value": 4, "currency": "USD", "words": "x"}
            self.buyer.alerts.create(
                **told, variant=other, condition="NM", cause=str(next(_numbers)), at=timezone.now()
            )
            message = self.endpoint.messages.create(kind="ping", payload={})
            message.tries.create(status=200, request="POST")
            self.buyer.webhook_endpoints.create(url="https://hooks.example/", secret=b"", events=["webhook.disabled"])
            feed = Feed.objects.create(slug=f"feed-{next(_numbers)}", kind="csv", pace_minutes=60)
            feed.runs.create(trigger="schedule", newest_at=timezone.now())
        outbox.relay(limit=10_000)

    def _check(self, subject_id: uuid.UUID) -> Assessment:
        made = Assessment.objects.create(
            about="payment", subject_id=subject_id, title="A sale", member=self.buyer, other=self.seller, score=60,
            verdict="review", state="waiting",
        )  # fmt: skip
        made.reasons.create(rule="same-card", weight=60, words="The same.")
        made.reasons.create(rule="same-network", weight=10, words="The same.")
        return made


@pytest.fixture
def world(company) -> World:  # noqa: F811
    return World()


def page(name: str, *path: str, by: str = "", query: str = "") -> Callable[[World], tuple[str, object]]:
    """Where a page lies in a world, and who reads it."""

    def found(world: World) -> tuple[str, object]:
        args = [getattr(world, part).pk for part in path]
        return reverse(name, args=args) + query, getattr(world, by) if by else None

    return found


PAGES = {
    "home": page("home"),
    "home of a member": page("home", by="buyer"),
    "search": page("search", query="?q=drake"),
    "market": page("market"),
    "market for words": page("market", query="?q=drake"),
    "searches": page("searches", by="buyer"),
    "watching": page("watching", by="buyer"),
    "repricing-rules": page("repricing-rules", by="seller"),
    "card": page("card", "product"),
    "card of a member": page("card", "product", by="buyer"),
    "release": lambda world: (reverse("release", args=[world.product.release_id]), None),
    "release of a member": lambda world: (reverse("release", args=[world.product.release_id]), world.buyer),
    "movers": page("movers"),
    "sets": page("sets"),
    "inventory": page("inventory", by="seller"),
    "item": page("item", "item", by="seller"),
    "portfolio": page("portfolio", by="seller"),
    "sell": page("sell", by="seller"),
    "list-item": page("list-item", "free", by="seller"),
    "listing": page("listing", "listing"),
    "offers received": page("offers", by="seller", query="?side=received"),
    "offers made": page("offers", by="buyer", query="?side=made"),
    "offers ended": page("offers", by="seller", query="?side=received&show=ended"),
    "offer": page("offer", "offer", by="buyer"),
    "offer-make": page("offer-make", "listing", by="buyer"),
    "blocks": page("blocks", by="buyer"),
    "choices": page("choices", by="buyer"),
    "checkout": page("checkout", "listing", by="buyer"),
    "trades": page("trades", by="buyer"),
    "trade": page("trade", "trade", by="buyer"),
    "cases of a member": page("cases", by="buyer"),
    "case of a member": page("case", "case", by="buyer"),
    "case figures": page("admin:case-figures", by="moderator"),
    "protection": page("protection"),
    "alerts": page("alerts", by="buyer"),
    "alerts-history": page("alerts-history", by="buyer"),
    "alert": page("alert", "alert", by="buyer"),
    "alert-new": page("alert-new", "product", by="buyer"),
    "notifications": page("notifications", by="buyer"),
    "notification-settings": page("notification-settings", by="buyer"),
    "webhooks": page("webhooks", by="buyer"),
    "webhook-endpoint": page("webhook-endpoint", "endpoint", by="buyer"),
    "profile": page("profile", by="buyer"),
    "standing": page("standing"),
    "report": lambda world: (reverse("report", args=["listing", world.listing.pk]), world.buyer),
    "reports": page("reports", by="buyer"),
    "admin checks": page("admin:checks", by="moderator"),
    "admin check": page("admin:check", "check", by="moderator"),
    "admin risk rules": page("admin:risk-rules", by="moderator"),
    "admin reports": page("admin:reports", by="moderator"),
    "admin report": page("admin:report", "report", by="moderator"),
    "member": page("member", "seller"),
    "cases": page("admin:cases", by="moderator"),
    "admin protection": page("admin:protection", by="moderator"),
    "feeds": page("admin:feeds", by="moderator"),
    "case": page("admin:case", "case", by="moderator"),
    "api inventory": page("api-inventory", by="seller", query="?limit=100"),
    "api portfolio": page("api-portfolio", by="seller"),
    "api portfolio history": page("api-portfolio-history", by="seller"),
    "api portfolio holdings": page("api-portfolio-holdings", by="seller", query="?limit=100"),
    "api portfolio allocation": page("api-portfolio-allocation", by="seller"),
    "api portfolio movers": page("api-portfolio-movers", by="seller"),
    "api listings search": page("api-listings-search", query="?q=drake&limit=100"),
    "api listings": page("api-listings", query="?limit=100"),
    "api notifications": page("api-notifications", by="buyer", query="?limit=100"),
    "api webhook messages": page("api-webhook-messages", "endpoint", by="buyer", query="?limit=100"),
    "api alerts": page("api-alerts", by="buyer", query="?limit=100"),
    "api alerts history": page("api-alerts-history", by="buyer", query="?limit=100"),
    "api watched": page("api-watched", by="buyer", query="?limit=100"),
    "api offers": page("api-offers", by="seller", query="?limit=100"),
    "api consents": page("api-consents", by="buyer"),
    "api blocks": page("api-blocks", by="buyer", query="?limit=100"),
    "api reports": page("api-reports", by="buyer", query="?limit=100"),
    "api standing": page("api-standing", "seller"),
    "api trades": page("api-trades", by="buyer", query="?limit=100"),
    "api trade": page("api-trade", "trade", by="buyer"),
}


def queries_of(client, place: tuple[str, object]) -> list[str]:
    """What a page asks the database, once what every process remembers is remembered."""
    address, reader = place
    client.logout()
    if reader is not None:
        client.force_login(reader)
    assert client.get(address).status_code == 200
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(address).status_code == 200
    return [query["sql"] for query in asked.captured_queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]


def test_pages_ask_the_same_with_few_rows_and_with_many(client, world):
    world.grow(1)
    few = {name: queries_of(client, place(world)) for name, place in PAGES.items()}
    world.grow(8)
    many = {name: queries_of(client, place(world)) for name, place in PAGES.items()}
    grew = {name: (len(few[name]), len(many[name])) for name in PAGES if len(few[name]) != len(many[name])}
    assert grew == {}, "\n".join(sql[:300] for name in grew for sql in many[name])
    assert {name: len(asked) for name, asked in many.items()} == MOST


def test_every_page_that_is_counted_has_its_limit():
    assert set(MOST) == set(PAGES)
    assert MOST["card"] <= 12


def test_buying_takes_the_same_number_of_queries_whatever_is_on_sale(client, world):
    def asked() -> int:
        listing = make_listing(variant=self_made())
        with CaptureQueriesContext(connection) as found:
            make_trade(listing, world.buyer)
        return len(found)

    def self_made() -> object:
        return make_variant()

    first = asked()
    world.grow(2)
    assert asked() == first
