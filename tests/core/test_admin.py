"""What operators see and decide: parked deliveries, the trail, rejected input."""

import pytest
from django.urls import reverse

from apps.core import audit, outbox
from apps.core.models import AuditEntry, Delivery, OutboxEvent, RejectedInput
from tests.core.outbox_world import arrived
from tests.core.test_outbox import emit, failing_first, parked

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(client, moderator):
    client.force_login(moderator)
    return client


@pytest.mark.parametrize("model", [OutboxEvent, Delivery, AuditEntry, RejectedInput])
def test_moderators_look_and_members_do_not(client, member, moderator, model):
    page = reverse(f"admin:core_{model._meta.model_name}_changelist")
    client.force_login(member)
    assert client.get(page).status_code == 302
    client.force_login(moderator)
    assert client.get(page).status_code == 200


def decide(operator, action, *deliveries, reason="mended"):
    page = reverse("admin:core_delivery_changelist")
    chosen = {"action": action, "_selected_action": [each.pk for each in deliveries], "reason": reason}
    return operator.post(page, chosen, follow=True)


def test_a_parked_delivery_is_released_and_the_trail_says_by_whom(subscribed, relay, operator, moderator):
    subscribed(failing_first(outbox.LAST_TRY))
    emit(1, 2)
    delivery = parked(relay)
    page = operator.get(reverse("admin:core_delivery_changelist") + "?state=parked")
    assert b"Fault: not yet" in page.content
    decide(operator, "release", delivery)
    assert relay() == 2
    assert arrived("flaky") == [1, 2]
    assert AuditEntry.objects.get(action="outbox.released").actor_id == moderator.pk


def test_nothing_is_decided_without_a_reason(subscribed, relay, operator):
    subscribed(failing_first(outbox.LAST_TRY))
    emit(1)
    answer = decide(operator, "release", parked(relay), reason=" ")
    assert b"give a reason" in answer.content
    assert relay() == 0


def test_a_parked_delivery_is_set_aside(subscribed, relay, operator):
    subscribed(failing_first(outbox.LAST_TRY))
    emit(1, 2)
    decide(operator, "set_aside", parked(relay))
    assert relay() == 1
    assert arrived("flaky") == [2]


def test_what_is_not_parked_is_left_alone(subscribed, relay, operator):
    subscribed(failing_first(0))
    emit(1)
    decide(operator, "set_aside", Delivery.objects.get())
    assert relay() == 1


@pytest.mark.parametrize(("state", "number"), [("parked", 1), ("waiting", 2), ("failing", 3), ("delivered", 4)])
def test_deliveries_are_found_by_their_state(subscribed, relay, operator, state, number):
    def picky(event):
        if event.number in {1, 3}:
            raise RuntimeError("not these")

    subscribed(picky)
    emit(1, 2)
    parked(relay)
    emit(3, thing="b")
    emit(4, thing="c")
    relay()
    found = operator.get(reverse("admin:core_delivery_changelist"), {"state": state}).context["cl"].queryset
    assert [delivery.event.payload["number"] for delivery in found] == [number]


def test_nobody_edits_the_trail_in_the_admin(client, admin, member):
    entry = audit.record(action="x", target=member)
    client.force_login(admin)
    page = reverse("admin:core_auditentry_change", args=[entry.pk])
    assert client.get(page).status_code == 200
    assert client.post(page, {"reason": "rewritten"}).status_code == 403
    assert client.post(reverse("admin:core_auditentry_delete", args=[entry.pk])).status_code == 403
