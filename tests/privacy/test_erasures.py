"""A member is forgotten after fourteen days, unless money or a trade stands in the way; the books stay and still balance."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Address, User
from apps.escrow.ledger import checking
from apps.escrow.models import LedgerEntry
from apps.listings.models import Listing
from apps.privacy import actions
from apps.privacy.models import Erasure
from tests.factories import ADDRESS, make_item, make_listing, make_trade, make_user
from tests.trades.conftest import at_stage, company  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db
LATER = dt.timedelta(days=15)


def test_after_fourteen_days_nobody_is_left_behind_the_account(client):
    member = make_user("Ada Lovelace", email="ada@example.com", password="collect-2026")
    member.addresses.create(**ADDRESS)
    make_item(member, notes="from grandmother")
    listing = make_listing(member)
    erasure = actions.ask_erasure(by=member)
    assert Listing.objects.get(pk=listing.pk).state == Listing.State.WITHDRAWN
    assert actions.carry_out_due() == 0, "not before its time"

    assert actions.carry_out_due(now=timezone.now() + LATER) == 1
    member = User.objects.get(pk=member.pk)
    assert not member.is_active and "Ada" not in str(member) and "ada" not in member.email
    assert not Address.objects.filter(user=member).exists()
    assert not member.items.exclude(notes="").exists()
    assert not member.emailaddress_set.exists()
    assert not client.login(email="ada@example.com", password="collect-2026")
    erasure.refresh_from_db()
    assert erasure.done_at and erasure.removed["deleted"] >= 2
    make_user(email="ada@example.com")  # the address is free again


def test_it_can_be_taken_back(client):
    member = make_user()
    actions.ask_erasure(by=member)
    actions.cancel_erasure(by=member)
    assert actions.carry_out_due(now=timezone.now() + LATER) == 0
    assert User.objects.get(pk=member.pk).is_active


def test_asking_twice_is_one_wish():
    member = make_user()
    assert actions.ask_erasure(by=member) == actions.ask_erasure(by=member)


def test_an_unfinished_sale_stands_in_the_way_of_both(company):  # noqa: F811
    trade = at_stage("shipped")
    for person in (trade.buyer, trade.seller):
        with pytest.raises(actions.ErasureBlocked, match="not finished yet"):
            actions.ask_erasure(by=person)


def test_what_begins_meanwhile_puts_it_off_by_a_day():
    member, now = make_user(), timezone.now()
    erasure = actions.ask_erasure(by=member)
    make_trade(buyer=member)
    assert actions.carry_out_due(now=now + LATER) == 0
    erasure.refresh_from_db()
    assert erasure.waits_for and erasure.due_at == now + LATER + dt.timedelta(days=1)
    assert User.objects.get(pk=member.pk).is_active


def test_the_books_stay_and_balance_when_a_buyer_goes(company):  # noqa: F811
    trade = at_stage("released")
    before = LedgerEntry.objects.count()
    actions.ask_erasure(by=trade.buyer)
    actions.carry_out_due(now=timezone.now() + LATER)
    trade.refresh_from_db()
    assert LedgerEntry.objects.count() == before
    assert not any(trade.ship_to.values()), "the address was the buyer's"
    assert not checking.check()


def test_a_moderator_gives_the_role_back_first():
    with pytest.raises(actions.ErasureBlocked, match="give their role back"):
        actions.ask_erasure(by=make_user(role="moderator"))


def test_the_page_wants_the_box_ticked(client):
    member = make_user()
    client.force_login(member)
    client.post(reverse("erasure-ask"))
    assert not Erasure.objects.exists()
