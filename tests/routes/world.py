"""What routes are asked about: a seller with one of everything, and a sale that is disputed."""

from __future__ import annotations

import copy
from types import SimpleNamespace

import pytest
from allauth.idp.oidc.models import Token
from allauth.usersessions.models import UserSession
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from apps.accounts import actions as accounts
from apps.accounts.consent.texts import TEXTS, Purpose
from apps.accounts.models import Role, Scope, SignIn
from apps.accounts.oauth import actions as oauth
from apps.alerts import actions as alerts
from apps.core.ids import uuid7
from apps.escrow.models import Payment
from apps.inventory.models import InventoryImport, ItemPhoto
from apps.listings.cart import actions as cart
from apps.listings.offers import actions as offers
from apps.listings.search.asking import Wanted
from apps.listings.search.saved import save_search
from apps.listings.selling.models import Repricing
from apps.listings.shipping import default_shipping
from apps.listings.wants import actions as wants
from apps.notifications.mail.unsubscribing import token_for
from apps.notifications.models import Notification
from apps.notifications.telling import Told, tell
from apps.notifications.webhooks.secrets import new_secret, sealed
from apps.privacy.models import DataExport
from apps.risk.models import Assessment
from apps.scans.models import DetectedCard, Scan, ScanPhoto
from apps.trades.checkout.models import Order
from apps.trades.models import Review
from apps.trades.reports import actions as reports
from tests.escrow.conftest import a_company
from tests.factories import ADDRESS, make_item, make_listing, make_user, make_variant
from tests.trades.conftest import at_stage
from tests.trades.swaps.conftest import Table
from tests.worlds import kept


def oauth_app(owner):
    """An app that its own maker has let in."""
    wanted = {"redirect_uris": ["https://app.example.net/"], "scopes": ["read"], "is_public": True}
    app, _secret = oauth.register_app(name="Mine", by=owner, **wanted)
    Token.objects.create(type="at", hash="x", client=app, user=owner, scopes="read")
    return app


@pytest.fixture(scope="module")
def made_once(django_db_setup, django_db_blocker):
    with a_company() as company, kept(make_world, blocker=django_db_blocker) as world:
        yield world, company.sandbox.books


@pytest.fixture
def world(made_once):
    """The same for every test: the rows, the objects, and what the payment company has on record."""
    world, books = made_once
    before = books.connection.serialize()
    yield copy.deepcopy(world)
    books.connection.deserialize(before)


def make_world() -> SimpleNamespace:
    """A seller with one of everything, and a sale that is disputed."""
    trade = at_stage("disputed")
    owner = trade.seller
    item = make_item(owner, quantity=2)
    scan = Scan.objects.create(owner=owner)
    photo = ScanPhoto.objects.create(scan=scan, file="scans/a.jpg", digest="a" * 64, width=10, height=10)
    variant = make_variant()
    inventory_import = InventoryImport.objects.create(
        owner=owner, state="review", file="imports/a.csv", file_name="a.csv", size=9, digest="a" * 64, encoding="utf-8",
        delimiter=",", heading_line=1, columns=["Name"], mapping=["name"],
    )  # fmt: skip
    inventory_import.lines.create(id=uuid7(), line=2, state="unknown", said={"name": "Nobody"}, problem="card")
    bargained = make_listing(owner, price_minor=2000)
    review = Review.objects.create(trade=trade, author=trade.buyer, subject=owner, rating=4)
    Review.objects.create(trade=trade, author=owner, subject=trade.buyer, rating=4)
    report = reports.report(kind="member", target_id=owner.pk, reason="other", statement="Rude.", by=trade.buyer)
    reports.decide(report=report, uphold=True, decision="So it is.", by=make_user(role=Role.MODERATOR))
    tell([Told("trade.message", owner.pk, "message:1", "trade:1", "/trades/", {"author": "Ada"})])
    told = Notification.objects.get(owner=owner, kind="trade.message", cause="message:1")
    endpoint = owner.webhook_endpoints.create(url="https://hooks.example/", secret=sealed(new_secret()))
    want_list = wants.make_list(by=owner, name="Public", is_public=True)
    return SimpleNamespace(
        year=2026,
        month=1,
        want_list=want_list,
        want=wants.add_lines(wanted=want_list, text="1 Nobody", by=owner)[0],
        owner=owner,
        trade=trade,
        dispute=trade.hold.disputes.get(),
        document=trade.hold.disputes.get().evidence.create(
            by=trade.buyer, file=default_storage.save("evidence/a.pdf", ContentFile(b"%PDF-"))
        ),
        payment=Payment.objects.get(hold=trade.hold),
        item=item,
        item_photo=ItemPhoto.objects.create(item=item, file="items/a.jpg", width=1, height=1),
        listing=make_listing(owner),
        review=review,
        report=report,
        check=Assessment.objects.create(
            about="payment", subject_id=trade.hold_id, title="A sale", member=trade.buyer, score=50, verdict="review"
        ),
        swap=Table(ada=trade.buyer, bob=owner).propose().swap,
        listing_word="listing",
        offer=offers.make_offer(listing=bargained, by=trade.buyer, price_minor=1500),
        saved_search=save_search(by=owner, wanted=Wanted(most_minor=100)),
        repricing_rule=owner.repricing_rules.create(name="mine", rule={"kind": "fair"}),
        repricing=Repricing.objects.create(seller=owner, rule={"kind": "fair", "percent": 90}),
        shipping_profile=default_shipping(seller=owner),
        cart_line=cart.add(listing_id=make_listing().pk, quantity=1, by=owner),
        order=Order.objects.create(buyer=owner, request_key="one", ship_to=ADDRESS),
        variant=variant,
        product=variant.product,
        release=variant.product.release,
        scan=scan,
        scan_card=DetectedCard.objects.create(photo=photo, position=0, quad=[[0, 0], [1, 0], [1, 1], [0, 1]]),
        address=owner.addresses.create(**ADDRESS),
        saved_card=owner.saved_cards.create(stripe_id="pm_1", brand="visa", last4="4242", exp_month=1, exp_year=2040),
        app=oauth_app(owner),
        session=UserSession.objects.create(user=owner, session_key="x", ip="198.51.100.0", user_agent=""),
        program=SignIn.objects.create(user=owner, refresh_id="x", stamp="x", expires_at=timezone.now()),
        api_key=accounts.create_api_key(user=owner, name="mine", scopes=[Scope.READ], by=owner)[0],
        alert=alerts.set_rule(by=owner, kind="availability", product=variant.product),
        word="nonsense",
        notification=told,
        unsubscribe_token=token_for(owner.pk),
        device=owner.devices.create(
            endpoint="https://push.example/1", digest="d" * 64, p256dh="k", auth="a", name="Firefox"
        ),
        endpoint=endpoint,
        webhook_message=endpoint.messages.create(kind="ping", payload={"type": "ping"}),
        inventory_import=inventory_import,
        line_number=2,
        text="terms",
        text_version=TEXTS[Purpose.TERMS].version,
        data_export=DataExport.objects.create(
            member=owner, state="ready", file="exports/none.zip", finished_at=timezone.now()
        ),
        layout="moxfield",
    )
