"""Lists, repairs, matches and ticking off."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from apps.accounts.blocks.models import Block
from apps.alerts.models import Alert
from apps.core.errors import Conflict, InvalidInput, NotFound, NotYours
from apps.core.models import OutboxEvent
from apps.inventory import actions as inventory
from apps.listings import actions as listings
from apps.listings.wants import actions, queries
from apps.listings.wants.models import Match, Want
from tests.factories import make_item, make_listing, make_product, make_user, make_variant
from tests.trades.conftest import at_stage, company  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture
def bolt():
    return make_variant(make_product("Lightning Bolt", code="m10", number="146"))


@pytest.fixture
def wanted(member):
    return actions.make_list(by=member, name="Burn")


def add(wanted, text, **accepted):
    return actions.add_lines(wanted=wanted, text=text, by=wanted.owner, **accepted)


def matched(member):
    return {match.listing_id or match.have_id for match in queries.matches_page(owner=member).rows}


def test_each_line_is_placed_or_says_why_not(wanted, bolt):
    twin = make_product("Lightning Bolt", code="m11", number="149")
    placed, unclear, unknown = add(wanted, "4 Lightning Bolt (M10) 146\n2x Lightning Bolt\n1 No Such Card")
    assert (placed.state, placed.quantity) == ("open", 4)
    assert [card.product_id for card in placed.cards.all()] == [bolt.product_id]
    assert unclear.state == "unclear"
    assert "2 cards" in unclear.reason
    assert {card.product_id for card in unclear.cards.all()} == {bolt.product_id, twin.pk}
    assert (unknown.state, unknown.cards.count()) == ("unknown", 0)
    mine = queries.wants_page(wanted=wanted, reader=wanted.owner)
    assert [want.pk for want in mine.rows] == [unclear.pk, unknown.pk, placed.pk]


def test_others_see_nothing_that_is_still_to_be_repaired(wanted, bolt):
    placed, _ = add(wanted, "4 Lightning Bolt (M10) 146\n1 No Such Card")
    assert [want.pk for want in queries.wants_page(wanted=wanted, reader=make_user()).rows] == [placed.pk]
    assert queries.wants_page(wanted=wanted).total == 1


def test_what_will_do_is_said_in_words(wanted, bolt):
    (want,) = add(wanted, "1 Lightning Bolt (M10) 146", conditions=["NM", "LP"], languages=["ja"], finishes=["foil"])
    assert want.will_do == "NM, LP, Japanese, Foil"
    (want,) = add(wanted, "1 Lightning Bolt (M10) 146")
    assert want.will_do == "any copy"


def test_an_unclear_line_is_repaired_by_a_pick_of_one_or_several(wanted, bolt, member):
    twin = make_product("Lightning Bolt", code="m11", number="149")
    [want] = add(wanted, "2x Lightning Bolt")
    with pytest.raises(InvalidInput):
        actions.pick_cards(want=want, products=[], by=member)
    with pytest.raises(NotYours):
        actions.pick_cards(want=want, products=[twin.pk], by=make_user())
    want = actions.pick_cards(want=want, products=[twin.pk, bolt.product_id], by=member)
    assert (want.state, want.cards.count()) == ("open", 2)


def test_the_same_card_twice_is_one_want(wanted, bolt):
    add(wanted, "2 Lightning Bolt (M10) 146\n1 Lightning Bolt (M10) 146")
    add(wanted, "1 Lightning Bolt (M10) 146")
    add(wanted, "1 Lightning Bolt (M10) 146", conditions=["NM"])
    assert sorted(wanted.wants.values_list("quantity", flat=True)) == [1, 4]


def test_bad_lists_are_refused(wanted, member):
    for text in ("", "\n// nothing\n"):
        with pytest.raises(InvalidInput):
            add(wanted, text)
    with pytest.raises(Conflict):
        actions.make_list(by=member, name="Burn")
    with pytest.raises(InvalidInput):
        actions.make_list(by=member, name=" ")
    [want] = add(wanted, "🦄 \u202eevil")
    assert want.state == "unknown"


def test_new_offers_match_what_is_looked_for_and_each_is_told_once(wanted, bolt, member, relay):
    [want] = add(wanted, "1 Lightning Bolt (M10) 146", conditions=["NM", "LP"], most_minor=300)
    relay()
    fits = make_listing(variant=bolt, price_minor=250)
    make_listing(variant=bolt, price_minor=301)
    make_listing(item=make_item(variant=bolt, condition="DMG"), price_minor=100)
    make_listing(member, variant=bolt, price_minor=100)
    make_listing(price_minor=100)
    relay()
    assert matched(member) == {fits.pk}
    assert OutboxEvent.objects.filter(topic="wants.matched").count() == 1
    listings.change_listing(listing=fits, by=fits.seller, price_minor=240)
    relay()
    assert OutboxEvent.objects.filter(topic="wants.matched").count() == 1
    said = OutboxEvent.objects.get(topic="wants.matched").payload
    assert (said["want_id"], said["listing_id"], said["price_minor"]) == (str(want.pk), str(fits.pk), 250)


def test_a_price_that_comes_down_matches_and_one_that_goes_up_no_longer_holds(wanted, bolt, member, relay):
    add(wanted, "1 Lightning Bolt (M10) 146", most_minor=300)
    offer = make_listing(variant=bolt, price_minor=400)
    relay()
    assert matched(member) == set()
    listings.change_listing(listing=offer, by=offer.seller, price_minor=300)
    relay()
    assert matched(member) == {offer.pk}
    listings.change_listing(listing=offer, by=offer.seller, price_minor=301)
    assert matched(member) == set()


def test_what_is_there_already_matches_a_new_list(wanted, bolt, member, relay):
    offer = make_listing(variant=bolt)
    relay()
    add(wanted, "1 Lightning Bolt (M10) 146")
    relay()
    assert matched(member) == {offer.pk}


def test_languages_and_finishes_are_kept_to(wanted, bolt, member, relay):
    foil = make_variant(bolt.product, finish="foil", language="ja")
    add(wanted, "1 Lightning Bolt (M10) 146", finishes=["foil"], languages=["ja"])
    make_listing(variant=bolt)
    fits = make_listing(variant=foil)
    relay()
    assert matched(member) == {fits.pk}


def test_haves_of_others_match_as_long_as_they_are_there(wanted, bolt, member, relay):
    add(wanted, "1 Lightning Bolt (M10) 146")
    item = make_item(variant=bolt)
    with pytest.raises(NotYours):
        actions.set_have(item=item, for_trade=True, by=member)
    actions.set_have(item=item, for_trade=True, by=item.owner)
    relay()
    assert matched(member) == {item.pk}
    inventory.reserve(item_id=item.pk, quantity=1, cause="test", by=item.owner)
    assert matched(member) == set()
    actions.set_have(item=item, for_trade=False, by=item.owner)
    assert not Match.objects.exists()


def test_who_blocks_somebody_is_not_matched_with_them(wanted, bolt, member, relay):
    add(wanted, "1 Lightning Bolt (M10) 146")
    offer = make_listing(variant=bolt)
    Block.objects.create(owner=offer.seller, other=member)
    relay()
    assert matched(member) == set()


def test_what_is_bought_is_ticked_down_once(wanted, bolt, member, relay, company):  # noqa: F811
    first, second = add(wanted, "2 Lightning Bolt (M10) 146\n1 No Such Card")
    at_stage("released", listing=make_listing(variant=bolt), buyer=member)
    relay()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.quantity, second.state) == ("open", 1, "unknown")
    at_stage("refunded", listing=make_listing(variant=bolt), buyer=member)
    at_stage("released", listing=make_listing(variant=bolt), buyer=member)
    relay()
    first.refresh_from_db()
    assert (first.state, first.quantity) == ("done", 0)
    assert queries.wanted_copies(wanted=wanted) == []
    changed = actions.change_want(want=first, quantity=1, most_minor=None, by=member)
    assert changed.state == Want.State.OPEN


def test_the_cart_is_told_what_a_list_asks_for(wanted, bolt):
    add(wanted, "3 Lightning Bolt (M10) 146\n1 Nothing", conditions=["NM"], most_minor=500)
    [copies] = queries.wanted_copies(wanted=wanted)
    assert (copies.products, copies.quantity, copies.conditions) == ({bolt.product_id}, 3, {"NM"})
    assert copies.most_minor == 500


def test_private_lists_are_for_their_owner(wanted, member):
    stranger = make_user()
    for reader in (stranger, None):
        with pytest.raises(NotFound):
            queries.list_for(pk=wanted.pk, reader=reader)
    actions.set_public(wanted=wanted, is_public=True, by=member)
    assert queries.list_for(pk=wanted.pk, reader=None) == wanted
    with pytest.raises(NotYours):
        actions.delete_list(wanted=wanted, by=stranger)


def test_matching_asks_as_often_for_many_as_for_one(wanted, bolt, django_assert_max_num_queries):
    add(wanted, "1 Lightning Bolt (M10) 146")
    ids = {make_listing(variant=bolt).pk for _ in range(6)}
    with django_assert_max_num_queries(8):
        assert actions.look_for_matches(listing_ids=ids) == 6


def test_the_pages(client, member, bolt, relay):
    client.force_login(member)
    answer = client.post("/wants/", {"name": "Deck"})
    page = answer["Location"]
    make_product("Lightning Bolt", code="m11", number="149")
    client.post(page, {"text": "4 Lightning Bolt (M10) 146\n1 Lightning Bolt", "most_minor": "5.00"})
    offer = make_listing(variant=bolt, price_minor=450)
    relay()
    shown = client.get(page).content.decode()
    for said in ("It may be any of 2 cards", "1 of 2 lines are looked for", "$5.00", str(offer.pk), "Look for these"):
        assert said in shown
    want = Want.objects.get(state="unclear")
    client.post(f"/wants/lines/{want.pk}/", {"do": "pick", "card": [str(bolt.product_id), "x"]})
    assert Want.objects.get(pk=want.pk).state == "open"
    assert client.post(page, {"text": ""}).status_code == 422
    assert "Deck" in client.get("/wants/").content.decode()
    item = make_item(member, bolt)
    assert "Lightning Bolt" in client.get("/haves/?q=bolt").content.decode()
    client.post(f"/haves/{item.pk}/", {"for_trade": "yes"})
    assert "Not for trade" in client.get("/haves/").content.decode()
    client.logout()
    assert client.get(page).status_code == 404
    client.force_login(member)
    client.post(f"{page}change/", {"do": "publish"})
    client.logout()
    assert "Wanted by" in client.get(page).content.decode()


def test_the_api(member, bolt, relay):
    api = APIClient()
    api.force_authenticate(member)
    made = api.post("/api/v1/wants", {"name": "Deck"}, format="json").json()
    address = f"/api/v1/wants/{made['id']}"
    lines = {"text": "2 Lightning Bolt (M10) 146\n1 Nothing", "conditions": ["NM"]}
    wants = api.post(address, lines, format="json").json()["wants"]
    assert [want["state"] for want in wants] == ["open", "unknown"]
    assert wants[0]["card_ids"] == [str(bolt.product_id)]
    assert api.post(address, {"text": "", "conditions": ["?"]}, format="json").status_code == 400
    offer = make_listing(variant=bolt, price_minor=450)
    relay()
    answer = api.get("/api/v1/wants/matches").json()
    [match] = answer["matches"]
    assert answer["pagination"] == {"total": 1, "limit": 20, "offset": 0, "has_more": False}
    assert (match["listing_id"], match["price_minor"]) == (str(offer.pk), 450)
    line = f"/api/v1/wants/lines/{wants[1]['id']}"
    assert api.patch(line, {"card_ids": [str(bolt.product_id)], "quantity": 3}, format="json").json()["state"] == "open"
    assert api.delete(line).status_code == 204
    left = api.get(f"{address}?limit=1").json()
    assert (left["wants"][0]["quantity"], left["pagination"]["total"]) == (2, 1)
    item = make_item(member, bolt)
    assert api.put(f"/api/v1/haves/{item.pk}").status_code == 204
    assert api.delete(f"/api/v1/haves/{item.pk}").status_code == 204
    assert api.delete(address).status_code == 204


def test_any_printing_takes_later_reprints_too(wanted, bolt, member, relay):
    [want] = add(wanted, "2x Lightning Bolt (m10) 146")
    want = actions.change_want(want=want, by=member, quantity=2, most_minor=None, any_printing=True)
    reprint = make_variant(make_product("Lightning Bolt", code="2x2", number="117"))
    make_variant(make_product("Lightning Bolts", code="2x2", number="118"))
    offer = make_listing(variant=reprint)
    relay()
    assert matched(member) == {offer.pk}
    actions.change_want(want=want, by=member, quantity=2, most_minor=None, any_printing=False)
    later = make_listing(variant=make_variant(make_product("Lightning Bolt", code="a25", number="141")))
    relay()
    assert later.pk not in matched(member)


def test_lines_without_a_set_take_any_printing_where_asked_for(wanted, bolt):
    make_product("Lightning Bolt", code="m11", number="149")
    [want] = add(wanted, "2x Lightning Bolt", any_printing=True)
    assert (want.state, want.any_name, want.cards.count()) == ("open", "Lightning Bolt", 2)
    [again] = add(wanted, "1 Lightning Bolt", any_printing=True)
    assert (again.pk, again.quantity) == (want.pk, 3)


def test_who_wants_something_is_told_once_unless_switched_off(wanted, bolt, member, relay):
    add(wanted, "2x Lightning Bolt (m10) 146")
    offer = make_listing(variant=bolt, price_minor=200)
    relay()
    relay()
    told = Alert.objects.get(owner=member)
    assert (told.kind, told.listing_id) == ("want_matched", offer.pk)
    assert told.words == "For your want “2x Lightning Bolt (m10) 146”: Lightning Bolt NM at $2.00."
    actions.set_have(item=(have := make_item(variant=bolt)), for_trade=True, by=have.owner)
    relay()
    relay()
    swap = Alert.objects.filter(owner=member).latest("created_at")
    assert swap.value is None
    assert "a member would trade Lightning Bolt away" in swap.words
    actions.set_told(want=Want.objects.get(), is_told=False, by=member)
    make_listing(variant=bolt)
    relay()
    relay()
    assert Alert.objects.filter(owner=member).count() == 2


def test_a_file_is_a_list_too_whatever_its_encoding(client, wanted, bolt, member):
    client.force_login(member)
    for encoding in ("utf-8-sig", "utf-16"):
        file = SimpleUploadedFile("wants.csv", "Quantity,Name,Set,Number\n2,Lightning Bolt,m10,146\n".encode(encoding))
        assert client.post(wanted.get_absolute_url(), {"upload": file}).status_code == 302
    assert Want.objects.get(list=wanted).quantity == 4
    big = SimpleUploadedFile("wants.csv", b"1 Lightning Bolt\n" * 70_000)
    assert "at most 1 MB" in client.post(wanted.get_absolute_url(), {"upload": big}).content.decode()
    assert client.post(wanted.get_absolute_url(), {}).status_code == 422


def test_copies_and_price_are_changed_on_the_page(client, wanted, bolt, member):
    client.force_login(member)
    [want] = add(wanted, "2x Lightning Bolt (m10) 146")
    page = client.get(wanted.get_absolute_url()).content.decode()
    assert f'id="copies-{want.pk}"' in page
    told = {"do": "change", "quantity": "5", "most_minor": "2.50", "any_printing": "yes"}
    client.post(f"/wants/lines/{want.pk}/", told)
    want.refresh_from_db()
    assert (want.quantity, want.most_minor, want.takes_any_printing) == (5, 250, True)
    client.post(f"/wants/lines/{want.pk}/", {"do": "be_quiet"})
    want.refresh_from_db()
    assert not want.is_told
