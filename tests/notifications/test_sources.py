"""What happens in other rooms reaches whom it concerns: read out of real trades, offers, alerts, scans and decisions."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.accounts.events import SecurityChanged, SignedInNewDevice
from apps.accounts.models import Role
from apps.alerts import actions as alerts
from apps.alerts import evaluation
from apps.alerts.evaluation import PriceChange
from apps.core import outbox
from apps.escrow.events import PayoutFailed
from apps.escrow.models import Hold
from apps.listings.offers import actions as offers
from apps.notifications import deadlines
from apps.notifications.models import Notification
from apps.scans.events import ScanCompleted
from apps.scans.models import Scan
from apps.trades import actions as trades
from apps.trades.reports import actions as reports
from apps.trades.reputation.reviews import reveal_due
from tests.factories import make_listing, make_price, make_product, make_user, make_variant
from tests.trades.conftest import at_stage, company  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


def kinds_of(member):
    """What a member was told, oldest first."""
    return list(Notification.objects.filter(owner=member).order_by("created_at", "kind").values_list("kind", flat=True))


def test_a_sale_with_a_case_tells_each_side_what_is_theirs(company, relay):  # noqa: F811
    trade = at_stage("disputed")
    relay()
    assert {"purchase.made", "purchase.paid", "purchase.shipped", "purchase.delivered"} <= set(kinds_of(trade.buyer))
    assert {"sale.made", "sale.paid", "sale.delivered", "case.opened"} <= set(kinds_of(trade.seller))
    assert "case.opened" not in kinds_of(trade.buyer)
    opened = Notification.objects.get(owner=trade.seller, kind="case.opened")
    assert opened.url == trade.get_absolute_url()
    assert trade.hold.description in opened.title
    before = Notification.objects.count()
    relay()
    assert Notification.objects.count() == before


def test_a_sale_to_the_end_tells_of_the_money_and_the_review(company, relay):  # noqa: F811
    trade = at_stage("released")
    trades.review(trade=trade, by=trade.buyer, rating=5)
    trades.review(trade=trade, by=trade.seller, rating=4)
    reveal_due()
    relay()
    assert {"sale.released", "review.revealed"} <= set(kinds_of(trade.seller))
    released = Notification.objects.get(owner=trade.seller, kind="sale.released")
    assert released.title.startswith("$")


def test_a_message_reaches_the_other_and_not_its_author(company, relay):  # noqa: F811
    trade = at_stage("funded")
    trades.say(trade=trade, by=trade.buyer, body="Is it centred?")
    relay()
    told = Notification.objects.get(kind="trade.message")
    assert (told.owner_id, told.title) == (trade.seller_id, f"{trade.buyer} wrote to you")
    assert "Is it centred?" in told.body


def test_offers_reach_who_answers_and_their_end_who_did_not_end_them(relay):
    listing = make_listing(price_minor=2000)
    buyer = make_user()
    offer = offers.make_offer(listing=listing, by=buyer, price_minor=1500)
    offers.decline(offer=offer, by=listing.seller)
    relay()
    assert "offer.made" in kinds_of(listing.seller)
    assert kinds_of(buyer) == ["offer.closed"]


def test_an_alert_is_told_in_its_own_words(member, relay):
    variant = make_variant(make_product("Charizard"))
    make_price(variant, "100", computed_at=timezone.now() - dt.timedelta(days=9))
    alerts.set_rule(
        by=member, kind="price_drop", product=variant.product, variant=variant, condition="NM", amount=Decimal(80)
    )
    evaluation.prices_changed([PriceChange(variant.pk, "NM", Decimal(100), Decimal(70), "USD", timezone.now())])
    relay()
    told = Notification.objects.get(owner=member)
    assert told.kind == "alert.price"
    assert "Charizard" in told.title
    assert told.url.startswith(f"/cards/{variant.product_id}/")


def test_a_scan_is_told_to_its_owner_and_a_visitors_to_nobody(member, relay):
    for owner in (member, None):
        scan = Scan.objects.create(owner=owner, visitor_token="" if owner else "x")
        outbox.emit(ScanCompleted(scan_id=scan.pk, cards=3, decided=2))
    relay()
    told = Notification.objects.get()
    assert (told.owner, told.title) == (member, "3 cards were found in your scan")
    assert told.body == "2 of 3 are sure; look at the others."


def test_a_decision_on_a_report_reaches_both_and_the_restriction_says_why(relay):
    reporter, subject, moderator = make_user(), make_user(), make_user(role=Role.MODERATOR)
    report = reports.report(kind="member", target_id=subject.pk, reason="scam", statement="Asks for cash.", by=reporter)
    reports.decide(report=report, uphold=True, decision="So it was.", by=moderator, kept_from=["listing"], days=7)
    relay()
    assert kinds_of(reporter) == ["report.decided"]
    assert set(kinds_of(subject)) == {"report.upheld", "member.restricted"}
    reports.appeal(report=report, statement="It was a joke.", by=subject)
    reports.decide(report=report, uphold=False, decision="True.", by=moderator)
    relay()
    assert {"report.appeal", "member.unrestricted"} <= set(kinds_of(subject))
    assert Notification.objects.get(kind="report.appeal").title == "Your appeal was granted"


def test_a_refused_payout_is_told_with_its_reason(member, relay):
    outbox.emit(
        PayoutFailed(payout_id=member.pk, member_id=member.pk, amount_minor=1250, currency="USD", why="Account closed.")
    )
    relay()
    told = Notification.objects.get(owner=member)
    assert (told.priority, told.title) == ("critical", "Your bank refused a payout of $12.50")
    assert "Account closed." in told.body


def test_who_acts_next_is_reminded_once_before_a_deadline(company, relay):  # noqa: F811
    trade = at_stage("delivered")
    Notification.objects.all().delete()
    hold = Hold.objects.get(pk=trade.hold_id)
    early = hold.due_at - dt.timedelta(hours=48)
    assert deadlines.remind(now=early) == 0
    near = hold.due_at - dt.timedelta(hours=5)
    assert deadlines.remind(now=near) == 1
    assert deadlines.remind(now=near + dt.timedelta(minutes=5)) == 0
    told = Notification.objects.get(kind="deadline.near")
    assert told.owner_id == trade.buyer_id
    assert told.title == f"Your inspection ends soon: {hold.description}"


def test_an_offer_that_nobody_answers_is_remembered_to_who_answers(relay):
    offer = offers.make_offer(listing=make_listing(price_minor=2000), by=make_user(), price_minor=1500)
    assert deadlines.remind(now=offer.due_at - dt.timedelta(hours=1)) == 1
    assert Notification.objects.get(kind="deadline.near").owner_id == offer.listing.seller_id


def test_what_touches_the_account_is_told_at_once_and_is_critical(member, relay):
    seen = {"member_id": member.pk, "device": "Firefox on Linux", "network": "192.0.2", "at": timezone.now()}
    outbox.emit(SignedInNewDevice(**seen))
    outbox.emit(SecurityChanged(**seen, what="password_changed"))
    relay()
    assert set(kinds_of(member)) == {"security.sign_in", "security.changed"}
    changed = Notification.objects.get(kind="security.changed")
    assert (changed.priority, changed.title) == ("critical", "Your account: the password was changed")
