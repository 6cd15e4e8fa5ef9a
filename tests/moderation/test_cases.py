"""The moderators' desk: what waits, the queue, a case with everything about it, and settling it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.core import outbox
from apps.escrow import actions as escrow
from apps.escrow import ledger
from apps.escrow.cases.log import write as write_entry
from apps.escrow.cases.models import CaseEntry
from apps.escrow.models import Dispute, Hold, Settlement
from apps.inventory.models import InventoryItem
from apps.trades.models import Trade
from tests.factories import make_listing, make_product, make_user, make_variant, picture_bytes
from tests.trades.conftest import at_stage, company  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client, moderator):
    client.force_login(moderator)
    return client


@pytest.fixture
def case(company) -> Dispute:  # noqa: F811
    return at_stage("answered").hold.disputes.get()


def texts(answer):
    return [str(message) for message in answer.context["messages"]]


def decide(client, case, **typed):
    return client.post(reverse("admin:case", args=[case.pk]), typed)


def test_the_front_page_says_what_waits(desk, company):  # noqa: F811
    Dispute.objects.filter(pk=at_stage("answered").hold.disputes.get().pk).update(state="escalated")
    at_stage("disputed")
    page = desk.get(reverse("admin:index"))
    assert (page.context["waiting"].cases, page.context["waiting"].unanswered) == (1, 1)
    text = page.content.decode()
    assert "case to decide" in text
    assert reverse("admin:cases") in text
    assert "CardVault" in text
    assert "Django administration" not in text


def test_the_queue_puts_overdue_then_answered_then_dear_cases_first(desk, company, settings):  # noqa: F811
    settings.NEW_SELLER_OPEN_LIMIT_MINOR = 10**9

    def one(name, stage, price):
        listing = make_listing(variant=make_variant(make_product(name)), price_minor=price)
        return at_stage(stage, listing=listing).hold.disputes.get()

    one("Cheap Waiting", "disputed", 500)
    one("Dear Waiting", "disputed", 90_000)
    answered = one("Answered", "answered", 700)
    Dispute.objects.filter(pk=answered.pk).update(state="escalated")
    late = one("Unanswered In Time", "disputed", 600)
    Dispute.objects.filter(pk=late.pk).update(answer_due_at=timezone.now() - dt.timedelta(hours=1))
    overdue = one("Overdue", "answered", 400)
    contested = one("Contested", "answered", 300)
    Dispute.objects.filter(pk__in=[overdue.pk, contested.pk]).update(state="escalated", escalated_at=timezone.now())
    write_entry(overdue, CaseEntry.What.URGENT, by=None, now=timezone.now())
    page = desk.get(reverse("admin:cases")).content.decode()
    names = ["Overdue", "Contested", "Answered", "Unanswered In Time", "Dear Waiting", "Cheap Waiting"]
    assert sorted(names, key=page.index) == names
    assert page.count("a moderator, overdue") == page.count("a moderator: the parcel is contested") == 1


def test_without_cases_it_says_so(desk):
    assert "No case is open." in desk.get(reverse("admin:cases")).content.decode()


def test_a_case_shows_both_sides_evidence_parcel_ledger_and_history(desk, case):
    escrow.add_evidence(dispute=case, by=case.hold.payer, note="see the corner", upload=_file(picture_bytes()))
    page = desk.get(reverse("admin:case", args=[case.pk])).content.decode()
    for shown in (
        "The corners are bent.", "They were fine.", "see the corner", "T1", "Ember Drake", "$14.00",
        f"hold:{case.hold_id}", "hold.dispute", "The parcel has arrived", str(case.hold.payer), str(case.hold.payee),
    ):  # fmt: skip
        assert shown in page


@pytest.mark.parametrize(
    ("typed", "to_buyer", "to_seller", "copies"),
    [
        ({"outcome": "refund"}, 1400, 0, (1, 0)),
        ({"outcome": "release"}, 0, 1400, (0, 1)),
        ({"outcome": "split", "refund_minor": "4.00"}, 400, 1000, (0, 1)),
    ],
)
def test_a_decision_moves_money_and_copies_and_both_rooms_say_so(
    desk, case, company, typed, to_buyer, to_seller, copies  # noqa: F811
):  # fmt: skip
    company.onboard(case.hold.payee)
    escrow.refresh_seller_account(user=case.hold.payee)
    answer = decide(desk, case, decision="Photos decide it.", **typed)
    assert answer["Location"] == reverse("admin:case", args=[case.pk])
    assert Hold.objects.get(pk=case.hold_id).state == "disputed"
    for side in (case.hold.payer, case.hold.payee):
        escrow.accept_ruling(dispute=case, by=side)
    outbox.relay()
    escrow.settle_due(now=timezone.now() + dt.timedelta(seconds=1))
    hold = Hold.objects.get(pk=case.hold_id)
    assert hold.refunded_minor == to_buyer
    sent = dict(Settlement.objects.filter(state="sent").values_list("kind", "amount_minor"))
    assert sent.get("refund", 0) == to_buyer
    assert (sent.get("transfer", 0) > 0) == (to_seller > 0)
    assert sent.get("transfer", 0) <= to_seller
    assert ledger.check() == []
    assert ledger.balance(ledger.hold_account(hold.pk)).amount_minor == 0
    owned = [
        sum(InventoryItem.objects.filter(owner=person).values_list("quantity", flat=True))
        for person in (hold.payee, hold.payer)
    ]
    assert tuple(owned) == copies
    page = desk.get(reverse("admin:case", args=[case.pk])).content.decode()
    assert "Photos decide it." in page
    assert 'name="outcome"' not in page
    assert "Sent" in page
    trade = Trade.objects.get(hold=hold)
    for person in (trade.buyer, trade.seller):
        desk.force_login(person)
        assert "Photos decide it." in desk.get(trade.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"outcome": "", "decision": "x"}, "outcome", "required"),
        ({"outcome": "burn", "decision": "x"}, "outcome", "valid choice"),
        ({"outcome": "refund", "decision": " "}, "decision", "required"),
        ({"outcome": "split", "decision": "x"}, "refund_minor", "Say how much"),
        ({"outcome": "split", "refund_minor": "0", "decision": "x"}, "refund_minor", "Say how much"),
        ({"outcome": "split", "refund_minor": "14.00", "decision": "x"}, "refund_minor", "something for the seller"),
        ({"outcome": "split", "refund_minor": "half", "decision": "x"}, "refund_minor", "number"),
    ],
)
def test_slips_are_said_what_was_typed_stays_and_nothing_moves(desk, case, typed, field, said):
    answer = decide(desk, case, **typed)
    assert answer.status_code == 422
    assert said in str(answer.context["form"].errors[field])
    assert answer.context["form"]["decision"].value() == typed["decision"]
    assert Hold.objects.get(pk=case.hold_id).state == "disputed"


def test_a_case_is_decided_once(desk, case):
    decide(desk, case, outcome="refund", decision="First.")
    answer = desk.post(
        reverse("admin:case", args=[case.pk]), {"outcome": "release", "decision": "Second."}, follow=True
    )
    assert "settled in the meantime" in texts(answer)[-1]
    assert [ruling.decision for ruling in case.rulings.all()] == ["First."]


def test_a_moderator_does_not_decide_a_case_of_their_own(client, company):  # noqa: F811
    judge = make_user(role="moderator")
    case = at_stage("answered", listing=make_listing(judge)).hold.disputes.get()
    client.force_login(judge)
    answer = decide(client, case, outcome="release", decision="Mine.")
    assert answer.status_code == 422
    assert "not part of it" in answer.content.decode()
    assert Hold.objects.get(pk=case.hold_id).state == "disputed"


def test_a_case_that_is_not_there_is_a_404(desk, moderator):
    assert desk.get(reverse("admin:case", args=[moderator.pk])).status_code == 404


def test_other_cases_of_the_same_two_are_named(desk, case):
    other = at_stage("answered", listing=make_listing(case.hold.payee), buyer=case.hold.payer).hold.disputes.get()
    assert reverse("admin:case", args=[other.pk]) in desk.get(reverse("admin:case", args=[case.pk])).content.decode()


def _file(content):
    from io import BytesIO

    file = BytesIO(content)
    file.name = "corner.jpg"
    return file
