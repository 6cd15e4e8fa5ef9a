"""Doing what moves money: at once up to a limit, above it only when a second moderator agrees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core import audit
from apps.core.errors import Conflict, NotYours
from apps.core.money import Money
from apps.escrow import actions as escrow
from apps.escrow.approvals.models import Approval
from apps.escrow.models import Dispute, Hold

Kind, State = Approval.Kind, Approval.State


def _decide(subject: UUID, given: dict[str, Any], by: User) -> None:
    escrow.decide_dispute(dispute=Dispute.objects.get(pk=subject), by=by, **given)


def _give_back(subject: UUID, given: dict[str, Any], by: User) -> None:
    escrow.give_back_late(hold=Hold.objects.get(pk=subject), by=by, **given)


def _forgive(subject: UUID, given: dict[str, Any], by: User) -> None:
    amount = Money(given["amount_minor"], given["currency"])
    told = {"reason": given["reason"], "request_key": given["request_key"]}
    escrow.forgive(member=User.objects.get(pk=subject), amount=amount, by=by, **told)


_STEPS: dict[str, Callable[[UUID, dict[str, Any], User], None]] = {
    Kind.DECISION: _decide,
    Kind.GIVE_BACK: _give_back,
    Kind.FORGIVE: _forgive,
}


def needs_two(money: Money) -> bool:
    """Whether the amount is above FOUR_EYES_ABOVE, in major units of its own currency. A limit of 0: never."""
    limit = settings.FOUR_EYES_ABOVE
    return limit > 0 and money > Money.from_decimal(limit, money.currency)


def do(*, kind: str, subject_id: UUID, money: Money, given: dict[str, Any], by: User) -> Approval | None:
    """Carry a step out, or write it down for a second moderator where much money moves; the approval then.

    Raises what the step raises, NotYours for members, Conflict while another wish about the same waits.
    """
    if not by.is_moderator:
        raise NotYours
    if not needs_two(money):
        _STEPS[kind](subject_id, given, by)
        return None
    with transaction.atomic():
        # Tried and taken back: what could not be done is told now, not to the second moderator.
        trial = transaction.savepoint()
        _STEPS[kind](subject_id, given, by)
        transaction.savepoint_rollback(trial)
        if Approval.objects.filter(kind=kind, subject_id=subject_id, state=State.OPEN).exists():
            raise Conflict("This already waits for a second moderator: agree to that, or turn it down first.")
        approval = Approval.objects.create(
            kind=kind,
            subject_id=subject_id,
            amount_minor=money.amount_minor,
            currency=money.currency,
            given=given,
            by=by,
        )
        audit.record(action="approval.asked", target=approval, by=by, after=given)
        return approval


def approve(*, approval: Approval, by: User) -> Approval:
    """The second moderator agrees: the step is carried out as the first one's. Raises NotYours, Conflict."""
    with transaction.atomic():
        approval = _open(approval, by)
        if approval.by_id == by.pk:
            raise NotYours("Another moderator than the first has to agree.")
        _STEPS[approval.kind](approval.subject_id, approval.given, approval.by)
        return _end(approval, State.DONE, by=by)


def turn_down(*, approval: Approval, by: User, note: str = "") -> Approval:
    """Nothing is done; the first moderator may take it back this way as well. Raises NotYours, Conflict."""
    with transaction.atomic():
        return _end(_open(approval, by), State.TURNED_DOWN, by=by, note=note.strip()[:300])


def _open(approval: Approval, by: User) -> Approval:
    if not by.is_moderator:
        raise NotYours
    approval = Approval.objects.select_for_update(of=("self",)).select_related("by").get(pk=approval.pk)
    if approval.state != State.OPEN:
        raise Conflict("Somebody was quicker: this was settled in the meantime.")
    return approval


def _end(approval: Approval, state: str, *, by: User, note: str = "") -> Approval:
    approval.state, approval.second, approval.note = state, by, note
    approval.ended_at = timezone.now()
    approval.save()
    audit.record(action=f"approval.{state}", target=approval, by=by, reason=note, after=approval.given)
    return approval
