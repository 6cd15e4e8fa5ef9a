"""Much money takes two moderators: one wants it, another agrees; little takes one."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from apps.accounts.models import Role
from apps.core.errors import Conflict, DomainError, NotYours
from apps.core.models import AuditEntry
from apps.core.money import Money
from apps.escrow.approvals import actions
from apps.escrow.approvals.models import Approval
from tests.factories import make_user
from tests.trades.conftest import at_stage, company  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db
RULING = {"outcome": "refund", "decision": "The seller never answered.", "refund_minor": None}


@pytest.fixture
def case(company, settings):  # noqa: F811
    settings.FOUR_EYES_ABOVE = 1
    return at_stage("answered").hold.disputes.get()


@pytest.fixture
def two():
    return make_user("Mo", role=Role.MODERATOR), make_user("Di", role=Role.MODERATOR)


def wanted(case, by):
    money = Money(case.hold.amount_minor, case.hold.currency)
    return actions.do(kind="decision", subject_id=case.pk, money=money, given=RULING, by=by)


def test_above_the_limit_it_waits_and_is_done_when_another_agrees(case, two):
    first, second = two
    wish = wanted(case, first)
    case.refresh_from_db()
    assert case.state != "ruled", "nothing has happened yet"
    actions.approve(approval=wish, by=second)
    case.refresh_from_db()
    assert case.state == "ruled"
    assert case.rulings.get().by == first
    trail = AuditEntry.objects.filter(action__startswith="approval.").order_by("pk")
    assert [(one.action, one.actor_id) for one in trail] == [("approval.asked", first.pk), ("approval.done", second.pk)]


def test_up_to_the_limit_one_is_enough(case, two, settings):
    settings.FOUR_EYES_ABOVE = 100_000
    assert wanted(case, two[0]) is None
    case.refresh_from_db()
    assert case.state == "ruled"


def test_nobody_agrees_to_their_own_wish(case, two):
    wish = wanted(case, two[0])
    with pytest.raises(NotYours):
        actions.approve(approval=wish, by=two[0])
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.filter(pk=wish.pk).update(state="done", second=two[0], ended_at=wish.created_at)


def test_a_member_neither_wants_nor_agrees(case, two):
    with pytest.raises(NotYours):
        wanted(case, case.hold.payer)
    with pytest.raises(NotYours):
        actions.approve(approval=wanted(case, two[0]), by=case.hold.payee)


def test_what_cannot_be_done_is_told_at_once(case, two):
    with pytest.raises(DomainError):
        actions.do(kind="decision", subject_id=case.pk, money=Money(10**6), given=RULING | {"decision": " "}, by=two[0])
    assert not Approval.objects.exists()


def test_one_wish_at_a_time_and_one_end(case, two):
    wish = wanted(case, two[0])
    with pytest.raises(Conflict):
        wanted(case, two[1])
    actions.turn_down(approval=wish, by=two[1], note="Too early")
    with pytest.raises(Conflict):
        actions.approve(approval=wish, by=two[1])
    assert wanted(case, two[1]) is not None


def test_the_case_page_and_the_queue_lead_through_it(case, two, client):
    first, second = two
    client.force_login(first)
    answer = client.post(
        reverse("admin:case", args=[case.pk]), {"outcome": "release", "decision": "As described."}, follow=True
    )
    assert "another moderator has to agree" in answer.content.decode()
    wish = Approval.objects.get()
    assert "Agree and carry it out" not in client.get(reverse("admin:approvals")).content.decode()
    client.post(reverse("admin:approval", args=[wish.pk]), {"answer": "agree"})
    wish.refresh_from_db()
    assert wish.state == "open"
    client.force_login(second)
    shown = client.get(reverse("admin:approvals")).content.decode()
    assert "As described." in shown
    assert "The seller gets the money" in shown, "the decision in words"
    client.post(reverse("admin:approval", args=[wish.pk]), {"answer": "agree"})
    case.refresh_from_db()
    assert case.state == "ruled"
