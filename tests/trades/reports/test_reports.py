"""Reports of listings, members and reviews: told, decided, appealed once."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Role
from apps.accounts.restrictions.models import Restriction
from apps.accounts.restrictions.queries import Restricted, in_force
from apps.core.errors import Conflict, InvalidInput, NotFound, NotYours
from apps.core.models import AuditEntry
from apps.listings.offers import actions as offers
from apps.trades import actions as trades
from apps.trades import queries as trade_queries
from apps.trades.models import Review
from apps.trades.reports import actions
from apps.trades.reports.models import Report
from tests.factories import ADDRESS, make_listing, make_user
from tests.trades.conftest import at_stage, company  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture
def listing():
    return make_listing()


def told(thing, by=None, kind="listing", **more):
    given = {"reason": "misleading", "statement": "Another card."} | more
    return actions.report(kind=kind, target_id=thing.pk, by=by or make_user(), **given)


def decided(report, uphold=True, by=None):
    by = by or make_user(role=Role.MODERATOR)
    return actions.decide(report=report, uphold=uphold, decision="I have looked.", by=by)


def as_(person):
    client = Client()
    client.force_login(person)
    return client


def test_the_same_thing_reported_twice_is_one_report(listing):
    reporter = make_user()
    assert told(listing, reporter) == told(listing, reporter)
    assert told(listing).subject == listing.seller


def test_nobody_reports_their_own_or_what_is_not_there(listing):
    with pytest.raises(InvalidInput):
        told(listing, listing.seller)
    with pytest.raises(NotFound):
        told(listing.seller, kind="listing")
    with pytest.raises(InvalidInput):
        told(listing, statement="  ")
    with pytest.raises(InvalidInput):
        told(listing, reason="because")


def test_open_reports_of_a_member_are_limited(listing, monkeypatch):
    monkeypatch.setattr(actions, "MOST_OPEN", 1)
    reporter = make_user()
    told(listing, reporter)
    with pytest.raises(Conflict):
        told(make_listing(), reporter)


def test_an_upheld_report_takes_the_listing_off_the_market(listing):
    report = decided(told(listing))
    listing.refresh_from_db()
    assert (report.state, listing.state) == ("upheld", "withdrawn")
    assert AuditEntry.objects.filter(action="report.decided", target_id=str(report.pk)).exists()
    with pytest.raises(Conflict):
        decided(report)


def test_a_dismissed_one_changes_nothing(listing):
    assert decided(told(listing), uphold=False).state == "dismissed"
    listing.refresh_from_db()
    assert listing.state == "active"


def test_a_review_is_hidden_and_shown_again_after_the_appeal(company):  # noqa: F811
    trade = at_stage("released")
    review = trades.review(trade=trade, by=trade.buyer, rating=1, body="Rude words.")
    with pytest.raises(NotFound):
        told(review, trade.seller, kind="review")  # not visible yet
    trades.review(trade=trade, by=trade.seller, rating=5)
    report = decided(told(review, trade.seller, kind="review"))
    assert Review.objects.get(pk=review.pk).hidden_at
    assert not trade_queries.visible_reviews(subject=trade.seller).exists()
    actions.appeal(report=report, statement="It was true.", by=trade.buyer)
    assert decided(report, uphold=False).state == "overturned"
    assert trade_queries.visible_reviews(subject=trade.seller).exists()


def test_an_appeal_is_made_once_in_time_and_by_who_was_reported(listing):
    report = decided(told(listing))
    with pytest.raises(NotFound):
        actions.appeal(report=report, statement="No.", by=report.reporter)
    actions.appeal(report=report, statement="Look again.", by=listing.seller)
    with pytest.raises(Conflict):
        actions.appeal(report=report, statement="And again.", by=listing.seller)
    assert decided(report).state == "confirmed"
    with pytest.raises(Conflict):
        actions.appeal(report=report, statement="And again.", by=listing.seller)
    late = decided(told(make_listing(listing.seller)))
    Report.objects.filter(pk=late.pk).update(decided_at=timezone.now() - dt.timedelta(days=15))
    with pytest.raises(Conflict, match="14 days"):
        actions.appeal(report=late, statement="Late.", by=listing.seller)


def test_only_a_moderator_who_is_none_of_the_two_decides(listing):
    moderator = make_user(role=Role.MODERATOR)
    report = told(listing, moderator)
    for person in (make_user(), listing.seller, moderator):
        with pytest.raises(NotYours):
            decided(report, by=person)


def test_members_report_on_the_page_and_see_what_came_of_it(listing):
    reporter = make_user("Mira Vale")
    page = as_(reporter).get(listing.get_absolute_url()).content.decode()
    address = reverse("report", args=["listing", listing.pk])
    assert address in page
    assert as_(reporter).post(address, {"reason": "misleading"}).status_code == 422
    as_(reporter).post(address, {"reason": "misleading", "statement": "Another card."})
    decided(Report.objects.get())
    assert "I have looked." in as_(reporter).get(reverse("reports")).content.decode()
    mine = as_(listing.seller)
    page = mine.get(reverse("reports")).content.decode()
    assert "I have looked." in page
    assert "Mira Vale" not in page
    appeal = reverse("report-appeal", args=[Report.objects.get().pk])
    assert as_(reporter).post(appeal, {"statement": "No."}).status_code == 404
    assert "with the moderators" in mine.post(appeal, {"statement": "Look again."}, follow=True).content.decode()


def test_programs_report_and_appeal_too(listing, api):
    api.force_authenticate(make_user())
    told = {"kind": "listing", "target_id": str(listing.pk), "reason": "scam", "statement": "Pays outside."}
    made = api.post("/api/v1/reports", told)
    assert (made.status_code, made.json()["state"]) == (201, "open")
    assert api.get("/api/v1/reports").json()["reports"][0]["id"] == made.json()["id"]
    assert api.post("/api/v1/reports", told | {"kind": "house"}).status_code == 400
    report = decided(Report.objects.get())
    appeal = f"/api/v1/reports/{report.pk}/appeal"
    assert api.post(appeal, {"statement": "No."}).status_code == 404
    api.force_authenticate(listing.seller)
    assert api.post(appeal, {"statement": "Look again."}).json()["state"] == "appealed"
    assert api.post(appeal, {"statement": "And again."}).status_code == 409


def test_moderators_decide_in_the_admin(listing, moderator):
    report = told(listing)
    desk = as_(moderator)
    assert listing.item.variant.product.name in desk.get(reverse("admin:reports")).content.decode()
    address = reverse("admin:report", args=[report.pk])
    assert desk.post(address, {"uphold": "yes"}).status_code == 422
    desk.post(address, {"uphold": "yes", "decision": "Another card indeed."})
    report.refresh_from_db()
    assert (report.state, report.decided_by) == ("upheld", moderator)
    assert "Another card indeed." in desk.get(address).content.decode()
    assert "No report waits" in desk.get(reverse("admin:reports")).content.decode()


def kept_from(member, *what, days=14, by=None):
    report = told(member, kind="member")
    by = by or make_user(role=Role.MODERATOR)
    return actions.decide(report=report, uphold=True, decision="Sold counterfeits.", by=by, kept_from=what, days=days)


def test_an_upheld_report_on_a_member_keeps_them_from_what_the_moderator_chose(listing):
    member = make_user()
    kept_from(member, "listing", "offers", "buying")
    with pytest.raises(Restricted, match="kept from listing items: Sold counterfeits"):
        make_listing(member)
    with pytest.raises(Restricted, match="kept from making offers"):
        offers.make_offer(listing=listing, by=member, price_minor=1000)
    with pytest.raises(Restricted, match="kept from buying"):
        trades.buy(listing=listing, quantity=1, ship_to=ADDRESS, by=member)
    page = as_(member).get(reverse("reports")).content.decode()
    assert "you are kept from: buying, listing items, making offers" in page
    assert "Sold counterfeits." in page
    entry = AuditEntry.objects.get(action="member.restricted")
    assert (entry.target_id, entry.reason) == (str(member.pk), "Sold counterfeits.")


def test_a_restriction_holds_for_what_was_chosen_and_until_its_end(listing):
    member = make_user()
    kept_from(member, "listing", days=7)
    assert trades.buy(listing=listing, quantity=1, ship_to=ADDRESS, by=member)
    with pytest.raises(Restricted):
        make_listing(member)
    week = dt.timedelta(days=7, minutes=1)
    Restriction.objects.update(created_at=F("created_at") - week, until=F("until") - week)
    assert make_listing(member)


def test_an_appeal_that_succeeds_lifts_the_restriction_and_one_that_fails_does_not():
    for uphold in (True, False):
        member = make_user()
        report = kept_from(member, "listing")
        actions.appeal(report=report, statement="They were real.", by=member)
        with pytest.raises(Restricted):
            make_listing(member)
        decided(report, uphold=uphold)
        if uphold:
            with pytest.raises(Restricted):
                make_listing(member)
        else:
            assert make_listing(member)
            assert AuditEntry.objects.filter(action="member.restriction_lifted").count() == 1


def test_only_a_report_on_a_member_restricts_and_only_for_a_time(listing):
    by = make_user(role=Role.MODERATOR)
    with pytest.raises(InvalidInput):
        actions.decide(report=told(listing), uphold=True, decision="x", by=by, kept_from=["listing"], days=7)
    for wrong in ({"kept_from": ["breathing"], "days": 7}, {"kept_from": ["listing"], "days": 0}):
        with pytest.raises(InvalidInput):
            actions.decide(report=told(make_user(), kind="member"), uphold=True, decision="x", by=by, **wrong)


def test_a_moderator_restricts_on_the_reports_page():
    member, moderator = make_user(), make_user(role=Role.MODERATOR)
    report = told(member, kind="member")
    desk = as_(moderator)
    address = reverse("admin:report", args=[report.pk])
    assert 'name="kept_from"' in desk.get(address).content.decode()
    answer = desk.post(address, {"uphold": "yes", "decision": "Enough.", "kept_from": ["offers"], "days": "30"})
    assert answer.status_code == 302
    [found] = in_force(member_id=member.pk)
    assert (found.kept_from, found.by, (found.until - found.created_at).days) == (["offers"], moderator, 29)
