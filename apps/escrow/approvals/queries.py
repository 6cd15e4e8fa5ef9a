"""What waits for a second moderator."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from apps.core.errors import NotFound
from apps.core.money import Money
from apps.escrow.approvals.models import Approval
from apps.escrow.cases.models import Remedy


def waiting() -> QuerySet[Approval]:
    """Open approvals, the oldest first."""
    return Approval.objects.filter(state=Approval.State.OPEN).select_related("by").order_by("created_at")


def about(*, kind: str, subject_id: UUID) -> Approval | None:
    """The open one of a case, hold or member."""
    return waiting().filter(kind=kind, subject_id=subject_id).first()


def approval(*, pk: UUID) -> Approval:
    """One approval. Raises NotFound."""
    found = Approval.objects.select_related("by", "second").filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def in_words(wanted: Approval) -> list[tuple[str, str]]:
    """What the step is told, for people."""
    labels = {
        "outcome": "Decision", "refund_minor": "Back to the buyer", "decision": "Reason", "amount_minor": "Amount",
        "reason": "Reason",
    }  # fmt: skip

    def said(name: str, value: object) -> str:
        if name.endswith("_minor"):
            return str(Money(value, wanted.currency))
        return str(Remedy(value).label) if name == "outcome" and value in Remedy.values else str(value)

    return [
        (labels[name], said(name, value))
        for name, value in wanted.given.items()
        if name in labels and value not in (None, "")
    ]
