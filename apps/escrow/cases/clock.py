"""The case's own clock: offers end in sets, appeals and parcels one by one. Rows with a due time, swept by a task."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from apps.escrow.cases.models import CaseEntry, CaseOffer, CaseState
from apps.escrow.cases.parcels import overdue
from apps.escrow.cases.rulings import carry_out_ruling
from apps.escrow.cases.talks import escalate
from apps.escrow.models import Chargeback, Dispute, Hold

log = structlog.get_logger()
_SET = 200
_OPEN_CHARGEBACK = Chargeback.objects.filter(payment__hold=OuterRef("hold"), state=Chargeback.State.OPEN)


def sweep_cases(*, now: dt.datetime | None = None) -> Counter[str]:
    """Carry out what is due; how many by what. Any number of workers may sweep; one that fails stops no other.

    While a bank decides about the payment nothing is carried out: the case waits.
    """
    now = now or timezone.now()
    swept: Counter[str] = Counter()
    while found := _expire_offers(now):
        swept["offer"] += found
    failed: set[uuid.UUID] = set()
    while due := _due(now, failed):
        for dispute_id in due:
            try:
                event = _fire(dispute_id, now)
            except Exception as error:  # one case that fails must not stop the clock of all others
                log.error("case.deadline_failed", dispute=str(dispute_id), exc_info=error)
                event = ""
            if event:
                swept[event] += 1
            else:
                failed.add(dispute_id)
    return swept


@transaction.atomic
def _expire_offers(now: dt.datetime) -> int:
    """End one set of offers whose time is over, in three statements."""
    due = list(
        CaseOffer.objects.select_for_update(skip_locked=True, no_key=True)
        .filter(state=CaseOffer.State.OPEN, due_at__lte=now)
        .order_by("pk")[:_SET]
    )
    CaseOffer.objects.filter(pk__in=[each.pk for each in due]).update(state=CaseOffer.State.EXPIRED, closed_at=now)
    CaseEntry.objects.bulk_create(
        CaseEntry(
            dispute_id=each.dispute_id,
            at=now,
            what=CaseEntry.What.EXPIRED,
            remedy=each.remedy,
            refund_minor=each.refund_minor,
        )
        for each in due
    )
    return len(due)


def _due(now: dt.datetime, without: set[uuid.UUID]) -> list[uuid.UUID]:
    due = Dispute.objects.filter(due_at__lte=now).exclude(pk__in=without).exclude(Exists(_OPEN_CHARGEBACK))
    return list(due.order_by("due_at").values_list("pk", flat=True)[:_SET])


@transaction.atomic
def _fire(dispute_id: uuid.UUID, now: dt.datetime) -> str:
    """What was carried out; empty when it is not due any more or another worker has it."""
    hold_id = Dispute.objects.filter(pk=dispute_id).values_list("hold_id", flat=True).first()
    hold = Hold.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=hold_id).first()
    if hold is None:
        return ""
    dispute = Dispute.objects.select_for_update(no_key=True).get(pk=dispute_id)
    if dispute.due_at is None or dispute.due_at > now:
        return ""
    if dispute.state == CaseState.ANSWERED:
        escalate(hold, dispute, by=None, now=now)
        return "escalate"
    if dispute.state == CaseState.RULED:
        carry_out_ruling(hold, dispute, now=now)
        return "carry-out"
    if dispute.state == CaseState.RETURNING:
        overdue(hold, dispute, now=now)
        return "parcel"
    Dispute.objects.filter(pk=dispute_id).update(due_at=None)
    return "none"
