"""What moderators look at: the queue of cases by urgency, and one case with everything about it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db.models import Case, IntegerField, QuerySet, Value, When

from apps.core.errors import NotFound
from apps.core.models import AuditEntry
from apps.escrow import ledger
from apps.escrow.models import Dispute, Hold, LedgerEntry
from apps.trades.models import Trade


@dataclass(frozen=True)
class CaseFile:
    """One case: the dispute, its hold and trade, the money's entries and the trail."""

    dispute: Dispute
    hold: Hold
    trade: Trade | None
    entries: list[LedgerEntry]
    trail: list[AuditEntry]


def open_cases() -> QuerySet[Dispute]:
    """Cases that wait: answered (a moderator's turn) first, then by stakes and age."""
    turn = Case(When(state=Dispute.State.ANSWERED, then=Value(0)), default=Value(1), output_field=IntegerField())
    return (
        Dispute.objects.filter(state__in=[Dispute.State.OPEN, Dispute.State.ANSWERED])
        .select_related("hold__payer", "hold__payee", "opened_by")
        .order_by(turn, "-hold__amount_minor", "created_at")
    )


def case_file(*, pk: uuid.UUID) -> CaseFile:
    """Everything about one case; a fixed number of queries. Raises NotFound."""
    dispute = (
        Dispute.objects.select_related("hold__payer", "hold__payee", "opened_by", "decided_by")
        .prefetch_related("evidence__by", "hold__payments", "hold__settlements")
        .filter(pk=pk)
        .first()
    )
    if dispute is None:
        raise NotFound("There is no such case.")
    hold = dispute.hold
    trade = (
        Trade.objects.filter(hold=hold)
        .select_related("buyer", "seller")
        .prefetch_related(
            "lines__item__variant__product__release", "lines__item__photos", "shipments", "messages__author"
        )
        .first()
    )
    entries = (
        LedgerEntry.objects.filter(transaction__entries__account__code=ledger.hold_account(hold.pk))
        .select_related("transaction", "account")
        .distinct()
        .order_by("pk")
    )
    targets = [str(hold.pk), str(dispute.pk)]
    trail = AuditEntry.objects.filter(target_id__in=targets).order_by("at", "pk")
    return CaseFile(dispute, hold, trade, list(entries), list(trail))
