"""Payments, swaps and listings that wait: who is stopped, what stands still, what a decision does."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.actions import save_address
from apps.core import outbox
from apps.core.errors import Conflict, InvalidInput, NotYours
from apps.escrow import actions as escrow
from apps.escrow import ledger
from apps.escrow.actions.moves import UnderReview
from apps.escrow.models import Hold
from apps.listings import actions as listings
from apps.listings.models import Listing
from apps.listings.selling.bulk import Offered, list_many
from apps.listings.selling.vacation import set_away
from apps.privacy.retention import forget
from apps.risk import actions as risk
from apps.risk import queries
from apps.risk.actions import TooFast
from apps.risk.models import Act, Assessment, Sighting
from apps.risk.rules import About
from apps.trades import actions as trades
from apps.trades.models import Trade
from apps.trades.selling.orders import paid_unshipped
from apps.trades.swaps import course
from apps.trades.swaps.states import SwapState
from tests.factories import ADDRESS, make_item, make_listing, make_trade, make_user
from tests.trades.conftest import company  # noqa: F401 - a fixture
from tests.trades.swaps.conftest import Table

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _on(settings):
    settings.RISK_MODE = "on"
    settings.RISK = settings.RISK | {"young": dt.timedelta(0)}


def link(one, other, kind=Sighting.Kind.CARD, value="the same"):
    risk.see([(one.pk, kind, value), (other.pk, kind, value)])


def paid(**given) -> Trade:
    """A purchase whose money has arrived."""
    trade = make_trade(**given)
    assert trades.pay(trade=trade, by=trade.buyer, payment_method="pm_card_visa").state == "succeeded"
    outbox.relay(limit=10_000)
    return Trade.objects.select_related("hold", "buyer", "seller").get(pk=trade.pk)


def suspicious(**given) -> Trade:
    """One between two who have paid with the same card."""
    buyer, seller = make_user(), make_user()
    link(buyer, seller)
    return paid(listing=make_listing(seller), buyer=buyer, **given)


def check_of(about: About) -> Assessment:
    return Assessment.objects.get(about=about, state=Assessment.State.WAITING)


def decide(check, moderator, *, release):
    risk.decide(assessment=check, release=release, note="I have looked.", by=moderator)
    outbox.relay(limit=10_000)


def test_strangers_never_wait(company):  # noqa: F811
    trade = paid()
    assert trade.hold.checked_since is None
    assert not Assessment.objects.exists()
    trades.ship(trade=trade, by=trade.seller, tracking_number="T1")


def test_one_weak_sign_is_noted_and_stops_nobody(company):  # noqa: F811
    buyer, seller = make_user(), make_user()
    link(buyer, seller, Sighting.Kind.NETWORK)
    assert paid(listing=make_listing(seller), buyer=buyer).hold.checked_since is None
    noted = Assessment.objects.get(about=About.PAYMENT)
    assert (noted.state, noted.score) == ("noted", 10)


def test_a_payment_that_waits_is_held_and_nothing_leaves(company, client):  # noqa: F811
    trade = suspicious()
    assert (trade.hold.state, trade.hold.due_at) == ("funded", None)
    assert ledger.balance(ledger.hold_account(trade.hold.pk)).amount_minor == trade.total_minor
    with pytest.raises(UnderReview):
        trades.ship(trade=trade, by=trade.seller, tracking_number="T1")
    assert not paid_unshipped(seller=trade.seller).exists()
    for reader in (trade.seller, trade.buyer):
        client.force_login(reader)
        page = client.get(trade.get_absolute_url()).content.decode()
        assert "We are looking at this order" in page
        assert "Same card" not in page
        assert (ADDRESS["line1"] in page) == (reader == trade.buyer)


def test_released_it_goes_on_with_the_time_that_was_left(company, moderator):  # noqa: F811
    trade = suspicious()
    began = trade.hold.checked_since
    Hold.objects.filter(pk=trade.hold.pk).update(checked_since=began - 3 * DAY, funded_at=began - 3 * DAY)
    decide(check_of(About.PAYMENT), moderator, release=True)
    hold = Hold.objects.get(pk=trade.hold.pk)
    assert hold.checked_since is None
    assert hold.due_event == "late"
    left = hold.due_at - timezone.now()
    assert dt.timedelta(days=7) - dt.timedelta(minutes=1) < left <= dt.timedelta(days=7)
    assert timezone.now() - hold.funded_at < dt.timedelta(minutes=1)
    trades.ship(trade=trade, by=trade.seller, tracking_number="T1")


def test_refused_all_money_goes_back_and_the_copies_are_for_sale_again(company, moderator):  # noqa: F811
    trade = suspicious()
    check = check_of(About.PAYMENT)
    decide(check, moderator, release=False)
    trade.refresh_from_db()
    assert (trade.state, trade.hold.state) == ("cancelled", "refunded")
    assert trade.lines.get().listing.state == Listing.State.ACTIVE
    assert [row.body for row in trade.messages.all()].count("We could not accept this payment.") == 1
    outbox.relay(limit=10_000)
    decide(check, moderator, release=False)  # a second click
    with pytest.raises(Conflict):
        risk.decide(assessment=check, release=True, note="No.", by=moderator)


def test_strong_signs_of_two_families_are_refused_at_once(company):  # noqa: F811
    buyer, seller = make_user(), make_user()
    for kind in (Sighting.Kind.CARD, Sighting.Kind.BANK, Sighting.Kind.DEVICE):
        link(buyer, seller, kind)
    trade = paid(listing=make_listing(seller), buyer=buyer)
    assert trade.hold.state == "refunded"
    assert Assessment.objects.get(about=About.PAYMENT).state == "refused"


def test_the_seller_may_give_it_back_and_then_nobody_has_to_look(company, moderator):  # noqa: F811
    trade = suspicious()
    trades.cancel(trade=trade, by=trade.seller)
    assert Hold.objects.get(pk=trade.hold.pk).state == "refunded"
    lapsed = Assessment.objects.get(about=About.PAYMENT)
    assert lapsed.state == "lapsed"
    assert queries.how_many_wait() == 0
    with pytest.raises(Conflict):
        risk.decide(assessment=lapsed, release=True, note="Too late.", by=moderator)


def test_the_clock_does_nothing_meanwhile_and_the_buyer_is_not_trapped(company):  # noqa: F811
    trade = suspicious()
    escrow.sweep_deadlines(now=timezone.now() + 30 * DAY)
    assert Hold.objects.get(pk=trade.hold.pk).state == "funded"
    with pytest.raises(Conflict):
        trades.cancel(trade=trade, by=trade.buyer)
    Hold.objects.filter(pk=trade.hold.pk).update(funded_at=timezone.now() - 8 * DAY)
    trades.cancel(trade=trade, by=trade.buyer)
    assert Hold.objects.get(pk=trade.hold.pk).state == "refunded"


def test_what_was_released_between_two_does_not_wait_again(company, moderator):  # noqa: F811
    trade = suspicious()
    decide(check_of(About.PAYMENT), moderator, release=True)
    again = paid(listing=make_listing(trade.seller), buyer=trade.buyer)
    assert again.hold.checked_since is None
    link(trade.buyer, trade.seller, value="another card")
    assert paid(listing=make_listing(trade.buyer), buyer=trade.seller).hold.checked_since is not None


def test_what_a_crowd_shares_says_nothing(company):  # noqa: F811
    for _ in range(8):
        risk.see([(make_user().pk, Sighting.Kind.CARD, "the same")])
    trade = suspicious()
    reasons = set(Assessment.objects.filter(about=About.PAYMENT).values_list("reasons__rule", flat=True))
    assert "same-card" not in reasons
    assert trade.hold.checked_since is None


def test_a_card_that_pays_for_two_is_known_by_its_fingerprint(company, settings):  # noqa: F811
    settings.RISK_TEST_CARDS = True
    first = paid()
    second = paid(listing=make_listing(first.buyer))
    assert second.hold.checked_since is not None
    reasons = Assessment.objects.get(subject_id=second.hold.pk).reasons
    assert "same-card" in reasons.values_list("rule", flat=True)


def test_shadow_scores_and_stops_nobody(company, settings):  # noqa: F811
    settings.RISK_MODE = "shadow"
    assert suspicious().hold.checked_since is None
    kept = Assessment.objects.get(about=About.PAYMENT)
    assert (kept.verdict, kept.state, kept.is_shadow) == ("review", "noted", True)


def test_addresses_are_compared_as_they_are_saved_and_sent_to(company, relay):  # noqa: F811
    buyer, seller = make_user(), make_user()
    save_address(user=seller, by=seller, **(ADDRESS | {"name": "Bob Smith", "line1": "1 CARD LN."}))
    relay()
    link(buyer, seller, Sighting.Kind.NETWORK)
    trade = paid(listing=make_listing(seller), buyer=buyer)
    assert trade.hold.checked_since is not None
    found = {reason.rule for reason in check_of(About.PAYMENT).reasons.all()}
    assert found == {"same-address", "same-network"}


def test_somebody_linked_to_who_was_refused_waits_with_anybody(company, moderator):  # noqa: F811
    crook = suspicious()
    decide(check_of(About.PAYMENT), moderator, release=False)
    again = make_user()
    link(crook.buyer, again, Sighting.Kind.DEVICE)
    trade = paid(buyer=again)
    assert trade.hold.checked_since is not None
    assert check_of(About.PAYMENT).reasons.get().rule == "linked-to-refused"


@pytest.mark.parametrize("count, waits", [(10, False), (11, True)])
def test_pace_is_counted_at_its_edge(company, settings, count, waits):  # noqa: F811
    settings.RISK = settings.RISK | {"weights": settings.RISK["weights"] | {"many-payments": 60}}
    trade = make_trade()
    now = timezone.now()
    risk.note_act("payment", by=trade.buyer, copies=count - 1, at=now - dt.timedelta(minutes=59))
    risk.note_act("payment", by=trade.buyer, copies=19, at=now - dt.timedelta(minutes=61))
    trades.pay(trade=trade, by=trade.buyer, payment_method="pm_card_visa")
    assert (Hold.objects.get(pk=trade.hold.pk).checked_since is not None) == waits


def test_many_times_what_is_usual_is_refused_outright(company):  # noqa: F811
    trade = make_trade()
    risk.note_act("payment", by=trade.buyer, copies=40)
    with pytest.raises(TooFast):
        trades.pay(trade=trade, by=trade.buyer, payment_method="pm_card_visa")


def test_old_acts_are_forgotten(member):
    risk.note_act("offer", by=member, at=timezone.now() - 3 * DAY)
    risk.note_act("offer", by=member)
    forget(tables=("risk.Act",))
    assert Act.objects.count() == 1


def refused_relative(member, moderator):
    """Somebody whom a moderator has refused, and who shares a device with the member."""
    other = make_user()
    link(member, other, Sighting.Kind.DEVICE, "shared")
    Assessment.objects.create(
        about=About.LISTING, subject_id=other.pk, title="Before", member=other, score=60, verdict="review",
        state="refused", decided_by=moderator, decided_at=timezone.now(),
    )  # fmt: skip


def test_a_listing_that_waits_is_seen_by_its_seller_alone_and_told_so(member, moderator, client):
    refused_relative(member, moderator)
    listing = make_listing(member)
    assert (listing.state, listing.checked_since is not None) == ("paused", True)
    assert client.get(listing.get_absolute_url()).status_code == 404
    client.force_login(member)
    assert "We are looking at this listing" in client.get(listing.get_absolute_url()).content.decode()
    assert "We are looking at it" in client.get(reverse("sell")).content.decode()
    with pytest.raises(listings.UnderReview):
        listings.set_paused(listing=listing, paused=False, by=member)
    set_away(away=True, by=member)
    set_away(away=False, by=member)
    listing.refresh_from_db()
    assert listing.state == "paused"


@pytest.mark.parametrize("release, state", [(True, "active"), (False, "withdrawn")])
def test_listings_made_at_once_are_decided_at_once(member, moderator, release, state):
    refused_relative(member, moderator)
    items = [make_item(member) for _ in range(3)]
    made = list_many(by=member, offers=[Offered(item.pk, 1, 500 + place) for place, item in enumerate(items)]).made
    assert {listing.state for listing in made} == {"paused"}
    decide(check_of(About.LISTING), moderator, release=release)
    assert set(Listing.objects.values_list("state", "checked_since")) == {(state, None)}


def test_a_seller_who_withdraws_ends_the_check(member, moderator):
    refused_relative(member, moderator)
    listings.withdraw(listing=make_listing(member), by=member)
    assert queries.how_many_wait() == 0


class Guarded(Table):
    """Ada and Bob have paid with the same card before."""

    def __post_init__(self) -> None:
        super().__post_init__()
        link(self.ada, self.bob)


def test_a_swap_that_waits_asks_nobody_for_anything(company, client, moderator):  # noqa: F811
    table = Guarded().agree()
    assert (table.swap.state, table.swap.due_at) == ("agreed", None)
    assert table.free(table.hers) == (1, 1)
    with pytest.raises(UnderReview):
        course.pay(swap=table.swap, by=table.ada, payment_method="pm_card_visa")
    client.force_login(table.bob)
    assert "We are looking at this swap" in client.get(table.swap.get_absolute_url()).content.decode()
    decide(check_of(About.SWAP), moderator, release=True)
    assert table.fresh().swap.due_at is not None
    for person in (table.ada, table.bob):
        table.pay(person)
    assert table.swap.state == SwapState.UNDER_WAY


def test_a_swap_without_money_goes_on_when_released(company, settings, moderator):  # noqa: F811
    settings.NEW_SELLER_SALES = 0
    table = Guarded().agree()
    assert table.swap.state == SwapState.AGREED
    decide(check_of(About.SWAP), moderator, release=True)
    assert table.fresh().swap.state == SwapState.UNDER_WAY


def test_a_refused_swap_frees_the_cards_of_both(company, moderator):  # noqa: F811
    table = Guarded().agree()
    decide(check_of(About.SWAP), moderator, release=False)
    assert table.fresh().swap.state == SwapState.CANCELLED
    assert table.free(table.hers) == table.free(table.his) == (1, 0)


@pytest.mark.parametrize("release, state", [(True, "under-way"), (False, "cancelled")])
def test_a_payment_of_a_swap_can_wait_for_its_card(company, moderator, settings, release, state):  # noqa: F811
    settings.RISK_TEST_CARDS = True
    table = Table().agree()
    for person in (table.ada, table.bob):  # the second pays with the card of the first
        table.pay(person)
    assert (table.swap.state, table.swap.due_at) == ("agreed", None)
    decide(check_of(About.PAYMENT), moderator, release=release)
    assert table.fresh().swap.state == state
    if not release:
        assert table.owed(table.ada)[0] > 0 < table.owed(table.bob)[0]


def test_who_decides_is_a_moderator_and_none_of_the_two(company, moderator):  # noqa: F811
    trade = suspicious()
    check = check_of(About.PAYMENT)
    type(trade.seller).objects.filter(pk=trade.seller.pk).update(role="moderator")
    trade.seller.refresh_from_db()
    for who in (trade.buyer, trade.seller, make_user()):
        with pytest.raises(NotYours):
            risk.decide(assessment=check, release=True, note="All is well.", by=who)
    with pytest.raises(InvalidInput):
        risk.decide(assessment=check, release=True, note=" ", by=moderator)


def test_moderators_see_every_reason_and_decide_on_the_page(company, client, moderator):  # noqa: F811
    trade = suspicious()
    check = check_of(About.PAYMENT)
    client.force_login(moderator)
    assert "Same card" in client.get(reverse("admin:checks")).content.decode()
    page = client.get(reverse("admin:check", args=[check.pk])).content.decode()
    assert str(trade.buyer) in page
    assert "Same card" in page
    assert client.post(reverse("admin:check", args=[check.pk]), {"release": "yes"}).status_code == 422
    told = {"release": "no", "note": "A ring."}
    assert client.post(reverse("admin:check", args=[check.pk]), told).status_code == 302
    fired = {each.code: each for each in queries.firings()}["same-card"]
    assert (fired.fired, fired.confirmed, fired.cleared, fired.right) == (1, 1, 0, 100)
    assert "100 %" in client.get(reverse("admin:risk-rules")).content.decode()


def test_browsers_and_networks_are_noted_when_members_send_something(client, member):
    client.force_login(member)
    answer = client.post(reverse("country"), {"country": "DE"}, REMOTE_ADDR="8.8.8.8")
    assert answer.status_code < 400
    assert answer.cookies["device"]["httponly"]
    kinds = Sighting.objects.filter(member=member).values_list("kind", flat=True)
    assert set(kinds) == {"device", "network"}
    assert "device" not in client.post(reverse("country"), {"country": "US"}, REMOTE_ADDR="8.8.8.8").cookies
