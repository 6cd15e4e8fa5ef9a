"""The trade room: each stage's buttons for each side, every step, stale pages, what both say."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.escrow.models import Evidence, Hold
from apps.inventory.models import InventoryItem
from apps.trades.models import Message, Review, Shipment, Trade
from tests.cases import decided
from tests.factories import make_item, make_listing, make_product, make_trade, make_user, make_variant, picture_bytes
from tests.trades.conftest import STAGES

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
BUTTONS = {
    "created": ({"pay", "cancel", "messages"}, {"cancel", "messages"}),
    "funded": ({"messages"}, {"ship", "cancel", "messages"}),
    "shipped": ({"received", "release", "dispute", "messages"}, {"refund", "messages"}),
    "delivered": ({"release", "dispute", "messages"}, {"refund", "messages"}),
    "disputed": ({"release", "withdraw", "evidence", "messages"}, {"refund", "answer", "evidence", "messages"}),
    "answered": ({"release", "withdraw", "evidence", "messages"}, {"refund", "evidence", "messages"}),
    "released": ({"review", "messages"}, {"review", "messages"}),
    "refunded": ({"messages"}, {"messages"}),
    "cancelled": ({"messages"}, {"messages"}),
}


def texts(answer):
    return [str(message) for message in answer.context["messages"]]


def buttons(answer, trade):
    return set(re.findall(rf'action="/trades/{trade.pk}/([a-z]+)/"', answer.content.decode()))


def post(client, user, trade, name, typed=None, **options):
    client.force_login(user)
    return client.post(reverse(f"trade-{name}", args=[trade.pk]), typed or {}, **options)


@pytest.mark.parametrize("stage", STAGES)
def test_each_side_is_offered_what_it_can_do_at_each_stage(client, trade_at, stage):
    trade = trade_at(stage)
    for reader, expected in zip((trade.buyer, trade.seller), BUTTONS[stage], strict=True):
        client.force_login(reader)
        answer = client.get(trade.get_absolute_url())
        assert answer.status_code == 200
        assert buttons(answer, trade) == expected
        assert trade.hold.get_state_display() in answer.content.decode()
    client.force_login(make_user(role="moderator"))
    assert buttons(client.get(trade.get_absolute_url()), trade) == set()
    client.force_login(make_user())
    assert client.get(trade.get_absolute_url()).status_code == 404


def test_whose_turn_it_is_and_by_when_is_said_to_both(client, trade_at):
    trade = trade_at("funded")
    client.force_login(trade.seller)
    page = client.get(trade.get_absolute_url()).content.decode()
    assert "Your turn: ship the parcel" in page
    assert "Ship to" in page
    assert "1 Card Lane" in page
    assert "the buyer may cancel" in page
    client.force_login(trade.buyer)
    assert "The seller’s turn" in client.get(trade.get_absolute_url()).content.decode()


def test_the_address_is_the_sellers_only_once_the_money_is_held(client, trade_at):
    trade = trade_at("created")
    client.force_login(trade.seller)
    assert "1 Card Lane" not in client.get(trade.get_absolute_url()).content.decode()


def test_the_lists_show_every_stage_and_the_side(client, trade_at):
    seller, buyer = make_user(), make_user()
    for stage in STAGES:
        trade_at(stage, listing=make_listing(seller, variant=make_variant(make_product(f"Card {stage}"))), buyer=buyer)
    client.force_login(buyer)
    page = client.get(reverse("trades")).content.decode()
    for stage in STAGES:
        assert f"Card {stage}" in page
    assert "<strong>You pay</strong>" in page
    assert "The seller: ship the parcel" in page
    assert client.get(reverse("trades"), {"side": "selling"}).context["page"].total == 0
    assert client.get(reverse("trades"), {"side": "nonsense"}).context["page"].total == len(STAGES)


def test_without_trades_the_page_says_how_to_begin(client, member):
    client.force_login(member)
    assert "No trades yet" in client.get(reverse("trades")).content.decode()


def test_more_trades_than_a_page_holds_are_all_reachable(client, settings):
    settings.NEW_SELLER_OPEN_LIMIT_MINOR = 10**9
    listing, buyer = make_listing(quantity=31), make_user()
    for _ in range(31):
        make_trade(listing, buyer)
    client.force_login(buyer)
    assert "?page=2" in client.get(reverse("trades")).content.decode()
    assert len(client.get(reverse("trades"), {"page": 2}).context["page"].rows) == 1


def test_the_whole_way_by_the_buttons(client, trade_at):
    trade = trade_at("funded")
    parcel = {"carrier": "Post", "tracking_number": "LX1"}
    assert "on its way" in texts(post(client, trade.seller, trade, "ship", parcel, follow=True))[0]
    page = post(client, trade.buyer, trade, "received", follow=True)
    assert "Check the cards" in texts(page)[0]
    assert "LX1" in page.content.decode()
    assert "released to the seller" in texts(post(client, trade.buyer, trade, "release", follow=True))[0]
    from apps.core import outbox

    outbox.relay()
    assert "Thank you" in texts(post(client, trade.buyer, trade, "review", {"rating": "5"}, follow=True))[0]
    page = post(client, trade.seller, trade, "review", {"rating": "4", "body": "Quick."}, follow=True).content.decode()
    assert "gave 5 of 5" in page
    assert InventoryItem.objects.get(owner=trade.buyer).quantity == 1


def test_a_tracked_parcel_without_its_number_is_asked_for_at_the_field(client, trade_at):
    trade = trade_at("funded")
    answer = post(client, trade.seller, trade, "ship", {"carrier": "Post"})
    assert answer.status_code == 422
    assert "Enter the parcel" in str(answer.context["ship_form"].errors["tracking_number"])
    assert answer.context["ship_form"]["carrier"].value() == "Post"
    assert not Shipment.objects.exists()


SECOND = [
    ("funded", "seller", "ship", {"tracking_number": "LX1"}),
    ("shipped", "buyer", "received", {}),
    ("delivered", "buyer", "release", {}),
    ("created", "buyer", "cancel", {}),
    ("delivered", "seller", "refund", {}),
    ("disputed", "buyer", "withdraw", {}),
    ("disputed", "seller", "answer", {"statement": "They were fine."}),
    ("released", "buyer", "review", {"rating": "5"}),
]


@pytest.mark.parametrize(("stage", "side", "name", "typed"), SECOND)
def test_a_double_click_acts_once_and_the_room_says_that_things_have_moved_on(
    client, trade_at, stage, side, name, typed
):
    trade = trade_at(stage)
    who = getattr(trade, side)
    post(client, who, trade, name, typed)
    before = Trade.objects.select_related("hold").get(pk=trade.pk).hold.state, Shipment.objects.count()
    answer = post(client, who, trade, name, typed, follow=True)
    assert answer.status_code == 200
    assert answer.redirect_chain[-1][0] == trade.get_absolute_url()
    assert re.search("no longer possible|no open case|already", texts(answer)[-1])
    assert before == (Hold.objects.get(pk=trade.hold_id).state, Shipment.objects.count())
    assert Review.objects.count() <= 1


@pytest.mark.parametrize(("stage", "side", "name", "typed"), SECOND)
def test_nobody_else_can_press_a_button(client, trade_at, stage, side, name, typed):
    trade = trade_at(stage)
    state = trade.hold.state
    assert post(client, make_user(), trade, name, typed).status_code == 404
    assert post(client, make_user(role="moderator"), trade, name, typed).status_code == 403
    other = trade.seller if side == "buyer" else trade.buyer
    if name not in {"cancel", "review"}:
        assert post(client, other, trade, name, typed).status_code == 403
        assert post(client, other, trade, name, typed, headers=HTMX).status_code == 403
    assert Hold.objects.get(pk=trade.hold_id).state == state


def test_the_buyer_cancels_a_paid_trade_only_when_shipping_is_late(client, trade_at):
    trade = trade_at("funded")
    answer = post(client, trade.buyer, trade, "cancel", follow=True)
    assert Hold.objects.get(pk=trade.hold_id).state == "funded"
    assert texts(answer)
    Hold.objects.filter(pk=trade.hold_id).update(funded_at=timezone.now() - dt.timedelta(days=8))
    post(client, trade.buyer, trade, "cancel", {"reason": "too slow"})
    assert Hold.objects.get(pk=trade.hold_id).state == "refunded"


def test_a_case_from_both_sides(client, trade_at):
    trade = trade_at("delivered")
    words = {"reason": "not-as-described", "statement": "The corners are bent."}
    assert "three days" in texts(post(client, trade.buyer, trade, "dispute", words, follow=True))[0]
    picture = {"note": "see the corner", "upload": _file(picture_bytes())}
    page = post(client, trade.buyer, trade, "evidence", picture, follow=True).content.decode()
    assert "see the corner" in page
    page = post(client, trade.seller, trade, "answer", {"statement": "It was mint."}, follow=True).content.decode()
    assert "It was mint." in page
    assert "Both sides are talking" in page
    evidence = Evidence.objects.get()
    assert evidence.file.startswith("evidence/")


@pytest.mark.parametrize(
    ("stage", "name", "typed", "form", "said"),
    [
        ("delivered", "dispute", {"reason": "", "statement": "bent"}, "dispute_form", "required"),
        ("delivered", "dispute", {"reason": "other", "statement": " "}, "dispute_form", "required"),
        ("delivered", "dispute", {"reason": "rain", "statement": "bent"}, "dispute_form", "rain"),
        ("shipped", "dispute", {"reason": "not-received", "statement": "Nothing."}, "dispute_form", "may still be on its"),
        ("disputed", "evidence", {}, "evidence_form", "Add a note, a photo or a PDF"),
        ("created", "say", {"body": " "}, "message_form", "required"),
        ("created", "say", {"body": "x" * 2001}, "message_form", "at most 2000"),
        ("released", "review", {"rating": "6"}, "review_form", "6"),
        ("disputed", "answer", {"statement": ""}, "answer_form", "required"),
    ],
)  # fmt: skip
def test_slips_are_said_and_what_was_typed_stays(client, trade_at, stage, name, typed, form, said):
    trade = trade_at(stage)
    answer = post(client, trade.seller if name == "answer" else trade.buyer, trade, name, typed)
    assert answer.status_code == 422
    shown = answer.context[form]
    assert said in str(shown.errors)
    for field, value in typed.items():
        assert shown[field].value() == value
        if form != "review_form" and name != "dispute" and value.strip():
            assert value in answer.content.decode() or len(value) > 2000


def test_evidence_that_is_no_picture_is_refused_and_the_note_stays(client, trade_at):
    trade = trade_at("disputed")
    typed = {"note": "see the corner", "upload": _file(b"MZ not a picture")}
    answer = post(client, trade.buyer, trade, "evidence", typed)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "not a picture that we can read" in page
    assert "see the corner" in page
    assert not Evidence.objects.exists()


@pytest.mark.parametrize(
    ("stage", "name", "typed", "said"),
    [
        ("delivered", "answer", {"statement": "Why?"}, "There is no open case."),
        ("delivered", "evidence", {"note": "look"}, "There is no open case."),
        ("created", "dispute", {"reason": "other", "statement": "Hm."}, "no longer possible"),
        ("disputed", "dispute", {"reason": "other", "statement": "Hm."}, "no longer possible"),
    ],
)
def test_a_page_that_is_out_of_date_says_so(client, trade_at, stage, name, typed, said):
    trade = trade_at(stage)
    who = trade.seller if name == "answer" else trade.buyer
    assert said in texts(post(client, who, trade, name, typed, follow=True))[0]


def test_messages_are_said_once_and_shown_safely(client, trade_at):
    trade = trade_at("created")
    for _ in range(2):
        answer = post(client, trade.buyer, trade, "say", {"body": "<b>Hello</b>"})
    assert answer["Location"].endswith("#messages")
    assert Message.objects.filter(author=trade.buyer).count() == 1
    page = client.get(trade.get_absolute_url()).content.decode()
    assert "&lt;b&gt;Hello&lt;/b&gt;" in page


def test_strangers_and_visitors_stay_outside(client, trade_at):
    trade = trade_at("disputed")
    for name in ("say", "evidence", "dispute"):
        assert post(client, make_user(), trade, name, {"body": "hi", "note": "hi"}).status_code == 404
    client.logout()
    assert client.get(trade.get_absolute_url())["Location"].startswith(reverse("account_login"))


def test_a_decided_case_is_told_to_both(client, trade_at, company):
    from apps.core import outbox

    trade = trade_at("answered")
    case = trade.hold.disputes.get()
    decided(case, by=make_user(role="moderator"), outcome="split", refund_minor=400, decision="Half a mint card.")
    outbox.relay()
    for reader in (trade.buyer, trade.seller):
        client.force_login(reader)
        page = client.get(trade.get_absolute_url()).content.decode()
        assert "Half a mint card." in page
        assert "$4.00" in page
    assert InventoryItem.objects.get(owner=trade.buyer).quantity == 1
    assert make_item(trade.buyer).owner == trade.buyer


def _file(content):
    from io import BytesIO

    file = BytesIO(content)
    file.name = "photo.jpg"
    return file
