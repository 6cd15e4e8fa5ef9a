"""Reviews of swaps: blind until both are in, once, within 14 days, and counted in both standings."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import SellerStanding
from apps.core import outbox
from apps.core.errors import Conflict, InvalidInput, NotYours
from apps.notifications.models import Notification
from apps.trades.models import Review
from apps.trades.queries import visible_reviews
from apps.trades.reputation.reviews import BLIND_FOR, reveal_due
from apps.trades.swaps import course
from apps.trades.swaps.models import Swap
from apps.trades.swaps.reviewing import review
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def at(table):
    """A swap that both were content with."""
    made = table().exchanged()
    for person in (made.ada, made.bob):
        course.content(swap=made.swap, by=person)
    return made.fresh()


def test_neither_sees_the_others_words_before_writing(at, client):
    review(swap=at.swap, by=at.ada, rating=2, body="Loose in the box.", packing=1)
    client.force_login(at.bob)
    page = client.get(at.swap.get_absolute_url()).content.decode()
    assert "Loose in the box." not in page
    assert "Send review" in page
    assert not visible_reviews(subject=at.bob)
    posted = client.post(reverse("swap-review", args=[at.swap.pk]), {"rating": "5", "body": "Fine."}, follow=True)
    assert "Loose in the box." in posted.content.decode()
    assert [found.rating for found in visible_reviews(subject=at.bob)] == [2]


def test_both_standings_count_them_and_both_are_told(at):
    review(swap=at.swap, by=at.ada, rating=4)
    review(swap=at.swap, by=at.bob, rating=5)
    assert reveal_due() == 2
    outbox.relay(limit=1000)
    found = {row.member_id: (row.reviews, row.stars, row.sales) for row in SellerStanding.objects.all()}
    assert (found[at.ada.pk], found[at.bob.pk]) == ((1, 5, 0), (1, 4, 0))
    assert Notification.objects.filter(kind="review.revealed", url=at.swap.get_absolute_url()).count() == 2


def test_after_14_days_one_alone_shows_and_nobody_writes_any_more(at):
    review(swap=at.swap, by=at.ada, rating=4)
    Swap.objects.filter(pk=at.swap.pk).update(closed_at=timezone.now() - BLIND_FOR - dt.timedelta(hours=1))
    assert len(visible_reviews(subject=at.bob)) == 1
    with pytest.raises(Conflict, match="14 days"):
        review(swap=at.swap, by=at.bob, rating=1)


def test_who_may_say_what(at, table):
    with pytest.raises(NotYours):
        review(swap=at.swap, by=make_user(), rating=5)
    with pytest.raises(InvalidInput):
        review(swap=at.swap, by=at.ada, rating=6)
    review(swap=at.swap, by=at.ada, rating=5)
    with pytest.raises(Conflict, match="already"):
        review(swap=at.swap, by=at.ada, rating=5)
    other = table().propose()
    with pytest.raises(Conflict, match="completed"):
        review(swap=other.swap, by=other.ada, rating=5)
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.create(author=at.ada, subject=at.bob, rating=5)


def test_over_rest(at, client):
    client.force_login(at.ada)
    shown = client.get(reverse("api-swap", args=[at.swap.pk])).json()
    assert "review" in shown["may"]
    address = reverse("api-swap-review", args=[at.swap.pk])
    assert client.post(address, {"rating": 5, "speed": 4}, content_type="application/json").status_code == 200
    assert Review.objects.get(swap=at.swap).speed == 4
