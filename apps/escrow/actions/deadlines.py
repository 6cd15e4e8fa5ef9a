"""The clock: what happens to a hold when a deadline passes. Deadlines are rows with a due time, swept by a task."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter

import structlog
from django.db import transaction
from django.utils import timezone

from apps.core import outbox
from apps.escrow import states
from apps.escrow.actions.holds import end_unpaid
from apps.escrow.actions.moves import advance, close, fact
from apps.escrow.cases.log import write as log_case
from apps.escrow.cases.models import ACTIVE, CaseEntry
from apps.escrow.cases.talks import escalate
from apps.escrow.events import HoldOverdue
from apps.escrow.models import Dispute, Hold, HoldState
from apps.escrow.states import Actor, HoldEvent

log = structlog.get_logger()

_SET = 200


def sweep_deadlines(*, now: dt.datetime | None = None) -> Counter[str]:
    """Carry out every deadline that has passed; returns how many by event.

    Due holds are found in sets; each is then handled in a transaction of its own with its row locked, skipping what
    another worker has locked, so that any number of workers may sweep at once and one that dies loses nothing. A hold
    that fails is left for the next sweep and does not stop the others.
    """
    now = now or timezone.now()
    swept: Counter[str] = Counter()
    failed: set[uuid.UUID] = set()
    while due := _due(now, failed):
        for hold_id in due:
            try:
                event = _fire(hold_id, now)
            except Exception as error:  # one hold that fails must not stop the clock of all others
                log.error("deadline.failed", hold=str(hold_id), exc_info=error)
                event = None
            if event is None:
                failed.add(hold_id)
            else:
                swept[event] += 1
    return swept


def _due(now: dt.datetime, without: set[uuid.UUID]) -> list[uuid.UUID]:
    due = Hold.objects.filter(due_at__lte=now).exclude(pk__in=without).order_by("due_at")
    return list(due.values_list("pk", flat=True)[:_SET])


@transaction.atomic
def _fire(hold_id: uuid.UUID, now: dt.datetime) -> str | None:
    """The event that was carried out; None when the hold is not due any more or another worker has it."""
    hold = Hold.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=hold_id, due_at__lte=now).first()
    if hold is None:
        return None
    event = HoldEvent(hold.due_event)
    if event == HoldEvent.RELEASE:
        close(hold, event, refund_minor=0, actor=Actor.CLOCK, by=None, now=now, reason="The time to object has passed.")
    elif event == HoldEvent.EXPIRE and hold.state == HoldState.CREATED:
        end_unpaid(hold, event, actor=Actor.CLOCK, by=None, now=now, reason="Nobody paid in time.")
    elif event == HoldEvent.EXPIRE:
        reason = "The parcel was not shipped in time."
        close(hold, event, refund_minor=hold.amount_minor, actor=Actor.CLOCK, by=None, now=now, reason=reason)
    else:
        _remind(hold, event, now)
    return event.value


def _remind(hold: Hold, event: HoldEvent, now: dt.datetime) -> None:
    """A deadline that closes nothing: it opens a possibility or moves the case on, and the next one is set."""
    since = _entered_at(hold)
    if hold.state == HoldState.DISPUTED:
        _hurry(hold, event, now)
    following = states.deadline_after(hold.state, event, since=since)
    advance(hold, event, actor=Actor.CLOCK, by=None, now=now, deadline=following)
    outbox.emit(HoldOverdue(**fact(hold, by=None, now=now), event=event.value))


def _hurry(hold: Hold, event: HoldEvent, now: dt.datetime) -> None:
    """A case that was not answered, or is open for too long, is a moderator's from now on."""
    case = Dispute.objects.select_for_update(no_key=True).filter(hold=hold, state__in=ACTIVE).first()
    if case is None:
        return
    if event == HoldEvent.ESCALATE:
        case.escalated_at = now
        case.save(update_fields=["escalated_at"])
        log_case(case, CaseEntry.What.URGENT, by=None, now=now)
    if case.state in (Dispute.State.OPEN, Dispute.State.ANSWERED):
        escalate(hold, case, by=None, now=now)


def _entered_at(hold: Hold) -> dt.datetime:
    """When the hold came into the state in which it is."""
    if hold.state == HoldState.DISPUTED:
        case = hold.disputes.order_by("-created_at").first()
        return case.created_at if case else hold.created_at
    return {HoldState.FUNDED: hold.funded_at, HoldState.SHIPPED: hold.shipped_at}.get(hold.state) or hold.created_at
