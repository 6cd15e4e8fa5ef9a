"""Reviews that show together, answers, and the standing that follows trades and reviews."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import SellerStanding
from apps.core.errors import Conflict, InvalidInput, NotFound, NotYours
from apps.listings import actions as listings
from apps.trades import actions, queries
from apps.trades.models import Review, Trade
from apps.trades.reputation import reviews
from apps.trades.reputation.standing import refigure
from tests.factories import make_item, make_listing, make_trade, make_user
from tests.trades.conftest import at_stage, company  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture
def trade(company):  # noqa: F811
    return at_stage("released")


def days_pass(trade, days):
    Trade.objects.filter(pk=trade.pk).update(closed_at=timezone.now() - dt.timedelta(days=days, minutes=1))


def as_(person):
    client = Client()
    client.force_login(person)
    return client


def test_a_review_shows_after_two_weeks_and_nobody_answers_it_with_one_of_their_own(trade):
    actions.review(trade=trade, by=trade.buyer, rating=2)
    assert reviews.reveal_due() == 0
    days_pass(trade, 14)
    assert [review.rating for review in queries.visible_reviews(subject=trade.seller)] == [2]
    with pytest.raises(Conflict, match="14 days"):
        actions.review(trade=trade, by=trade.seller, rating=1)
    assert (reviews.reveal_due(), reviews.reveal_due()) == (1, 0)
    page = as_(trade.seller).get(trade.get_absolute_url()).content.decode()
    assert "gave 2 of 5" in page
    assert "Send review" not in page


def test_the_other_sides_words_stay_hidden_in_the_room_until_then(trade):
    actions.review(trade=trade, by=trade.buyer, rating=2, body="Bent corner.")
    assert "Bent corner." not in as_(trade.seller).get(trade.get_absolute_url()).content.decode()
    assert "Bent corner." not in as_(make_user()).get(reverse("member", args=[trade.seller_id])).content.decode()


def test_a_review_is_answered_once_by_who_was_reviewed(trade):
    review = actions.review(trade=trade, by=trade.buyer, rating=2, body="Slow.")
    with pytest.raises(NotFound):
        reviews.answer(review=review, by=trade.seller, text="The post was on strike.")
    actions.review(trade=trade, by=trade.seller, rating=5)
    with pytest.raises(NotYours):
        reviews.answer(review=review, by=trade.buyer, text="No.")
    address = reverse("review-answer", args=[review.pk])
    assert as_(make_user()).post(address, {"answer": "No."}).status_code == 404
    page = as_(trade.seller).post(address, {"answer": "The post was on strike."}, follow=True).content.decode()
    assert "The post was on strike." in page
    with pytest.raises(Conflict):
        reviews.answer(review=review, by=trade.seller, text="And it rained.")


def test_what_a_moderator_took_down_shows_and_counts_no_more(trade):
    for by, rating in ((trade.buyer, 1), (trade.seller, 5)):
        actions.review(trade=trade, by=by, rating=rating)
    refigure({trade.seller_id})
    assert SellerStanding.objects.get(member=trade.seller).reviews == 1
    Review.objects.filter(author=trade.buyer).update(hidden_at=timezone.now())
    refigure({trade.seller_id})
    assert SellerStanding.objects.get(member=trade.seller).reviews == 0
    assert not queries.visible_reviews(subject=trade.seller).exists()


def test_standing_follows_trades_and_reviews(trade, relay):
    known = SellerStanding.objects.get(member=trade.seller)
    assert (known.sales, known.paid, known.good, known.shipped, known.quick, known.reviews) == (1, 1, 1, 1, 1, 0)
    assert known.is_new
    before = known.score
    for by in (trade.buyer, trade.seller):
        actions.review(trade=trade, by=by, rating=5)
    reviews.reveal_due()
    relay()
    known.refresh_from_db()
    assert (known.reviews, known.stars) == (1, 5)
    assert known.score >= before
    assert not SellerStanding.objects.filter(member=trade.buyer).exclude(sales=0).exists()


def test_a_refunded_sale_counts_against_the_seller_and_an_unpaid_one_does_not(company):  # noqa: F811
    seller = make_user()
    at_stage("refunded", listing=make_listing(seller))
    at_stage("cancelled", listing=make_listing(seller))
    known = SellerStanding.objects.get(member=seller)
    assert (known.sales, known.paid, known.good) == (0, 1, 0)


def test_many_sellers_are_figured_in_few_statements(company, django_assert_num_queries):  # noqa: F811
    sellers = {at_stage("released").seller_id for _ in range(3)}
    with django_assert_num_queries(6):
        assert refigure(sellers) == 3


def test_every_standing_is_worked_out_anew_by_a_command(trade, capsys):
    SellerStanding.objects.all().delete()
    call_command("figure_standings")
    assert SellerStanding.objects.get(member=trade.seller).sales == 1


def test_programs_read_the_standing_and_answer_reviews(trade, api):
    review = actions.review(trade=trade, by=trade.buyer, rating=4, body="Fine.")
    actions.review(trade=trade, by=trade.seller, rating=5)
    refigure({trade.seller_id})
    told = api.get(f"/api/v1/members/{trade.seller_id}/standing").json()
    assert (told["standing"], told["score"], told["sales"], told["stars"]) == ("new seller", None, 1, 4)
    assert told["latest_reviews"][0]["body"] == "Fine."
    api.force_authenticate(trade.buyer)
    assert api.post(f"/api/v1/reviews/{review.pk}/answer", {"answer": "No."}).status_code == 404
    api.force_authenticate(trade.seller)
    assert api.post(f"/api/v1/reviews/{review.pk}/answer", {"answer": "Thanks."}).json()["answer"] == "Thanks."


def test_the_standing_is_shown_where_one_chooses(trade, settings):
    listing = make_listing(trade.seller)
    page = Client().get(listing.get_absolute_url()).content.decode()
    assert "New seller" in page
    settings.NEW_SELLER_SALES = 1
    known = SellerStanding.objects.get(member=trade.seller)
    told = f"{known.level} standing"
    for address in (listing.get_absolute_url(), reverse("member", args=[trade.seller_id])):
        assert told in Client().get(address).content.decode()
    market = Client().get(reverse("market")).content.decode()
    assert f"{known.level.lower()} standing" in market
    card = Client().get(reverse("card", args=[listing.item.variant.product_id])).content.decode()
    assert f"{known.level.lower()} standing" in card


def test_the_formula_is_published_with_a_worked_example(client):
    page = client.get(reverse("standing")).content.decode()
    for told in ("0.4 × reviews", "88, good", "$500.00", "500 items a day"):
        assert told in page


def test_new_sellers_list_so_many_a_day_and_are_told_before(settings):
    settings.NEW_SELLER_LISTINGS_A_DAY = 1
    seller = make_user()
    item = make_item(seller)
    assert "at most 1 listings a day" in as_(seller).get(reverse("list-item", args=[item.pk])).content.decode()
    make_listing(seller)
    with pytest.raises(listings.NewSellerLimit):
        listings.list_item(item=item, quantity=1, price_minor=100, by=seller)
    refigure({seller.pk})
    SellerStanding.objects.filter(member=seller).update(sales=settings.NEW_SELLER_SALES)
    listings.list_item(item=item, quantity=1, price_minor=100, by=seller)
    assert "new to selling" not in as_(seller).get(reverse("sell")).content.decode()


def test_a_trade_that_is_not_done_has_no_review(company):  # noqa: F811
    trade = make_trade()
    with pytest.raises(Conflict):
        actions.review(trade=trade, by=trade.buyer, rating=5)


def test_a_buyer_gives_stars_by_aspect_and_the_standing_counts_the_whole_alone(trade):
    actions.review(trade=trade, by=trade.buyer, rating=4, described=5, packing=2)
    actions.review(trade=trade, by=trade.seller, rating=5)
    assert queries.standing(member=trade.seller)["aspects"] == [("As described", 5.0, 1), ("Packing", 2.0, 1)]
    assert queries.standing(member=trade.buyer)["aspects"] == []
    refigure({trade.seller_id})
    assert SellerStanding.objects.get(member=trade.seller).stars == 4
    page = as_(make_user()).get(reverse("member", args=[trade.seller_id])).content.decode()
    assert "Packing: 2.0 of 5 (1)" in page
    assert "As described: 5 · Packing: 2" in page


def test_only_a_buyer_is_asked_about_aspects(trade):
    assert 'name="packing"' in as_(trade.buyer).get(trade.get_absolute_url()).content.decode()
    assert 'name="packing"' not in as_(trade.seller).get(trade.get_absolute_url()).content.decode()
    with pytest.raises(InvalidInput):
        actions.review(trade=trade, by=trade.seller, rating=5, packing=5)
    with pytest.raises(InvalidInput):
        actions.review(trade=trade, by=trade.buyer, rating=5, speed=6)
    address = reverse("trade-review", args=[trade.pk])
    as_(trade.buyer).post(address, {"rating": "5", "speed": "3", "packing": ""})
    made = Review.objects.get()
    assert (made.described, made.packing, made.speed) == (None, None, 3)
