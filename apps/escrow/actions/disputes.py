"""Disputes: the buyer objects, the seller answers, both add evidence, a moderator decides (or one side gives in)."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import BinaryIO
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core import audit, outbox
from apps.core.errors import Conflict, InvalidInput, NotFound, NotYours
from apps.core.images import accept_upload, remove
from apps.escrow.actions.holds import claim_opens_at
from apps.escrow.actions.moves import WrongState, actor_of, advance, close, fact, locked, refuse_while_the_bank_decides
from apps.escrow.events import DisputeAnswered, DisputeWithdrawn, HoldDelivered, HoldDisputed
from apps.escrow.models import Dispute, Evidence, Hold, HoldState
from apps.escrow.states import DEADLINES, Actor, HoldEvent

_LONGEST = 4000
_MOST_EVIDENCE = 20
_ACTIVE = (Dispute.State.OPEN, Dispute.State.ANSWERED)
_CLOSING = {
    Dispute.Outcome.RELEASE: HoldEvent.RELEASE,
    Dispute.Outcome.REFUND: HoldEvent.REFUND,
    Dispute.Outcome.SPLIT: HoldEvent.SPLIT,
}


@transaction.atomic
def open_dispute(*, hold: Hold, by: User, reason: str, statement: str, now: dt.datetime | None = None) -> Dispute:
    """Stop the clock: the money stays until the case is settled. A lost parcel can be claimed once its time is up.

    Raises WrongState, NotYours, InvalidInput, Conflict (too early). Emits hold.disputed.
    """
    now = now or timezone.now()
    statement = _text(statement, "statement")
    if reason not in Dispute.Reason.values:
        raise InvalidInput("Say what is wrong.", field="reason")
    hold = locked(hold.pk)
    actor = actor_of(hold, by)
    opens_at = claim_opens_at(hold)
    is_claim = reason == Dispute.Reason.NOT_RECEIVED and hold.state == HoldState.SHIPPED
    if is_claim and opens_at is not None and now < opens_at:
        raise Conflict("The parcel may still be on its way. It can be claimed as lost later.", opens_at=opens_at)
    return begin(hold, HoldEvent.DISPUTE, actor=actor, by=by, opened_by=by, reason=reason, statement=statement, now=now)


def begin(
    hold: Hold,
    event: HoldEvent,
    *,
    actor: Actor,
    by: User | None,
    opened_by: User,
    reason: str,
    statement: str,
    now: dt.datetime,
    waits_for_seller: bool = True,
) -> Dispute:
    """Move a locked hold into dispute and write the case. Not waiting for the seller, it is a moderator's at once."""
    answer, escalate = DEADLINES[HoldState.DISPUTED]
    first = answer if waits_for_seller else escalate
    advance(hold, event, actor=actor, by=by, now=now, deadline=(now + first.after, first.event.value))
    dispute = Dispute.objects.create(
        hold=hold,
        opened_by=opened_by,
        reason=reason,
        statement=statement,
        answer_due_at=now + answer.after,
        state=Dispute.State.OPEN if waits_for_seller else Dispute.State.ANSWERED,
        created_at=now,
    )
    audit.record(action="dispute.open", target=dispute, by=by, after={"reason": reason, "hold": hold.pk})
    outbox.emit(HoldDisputed(**fact(hold, by=by, now=now), dispute_id=dispute.pk, reason=reason))
    return dispute


@transaction.atomic
def answer_dispute(*, dispute: Dispute, by: User, statement: str, now: dt.datetime | None = None) -> Dispute:
    """The seller gives the other view; a moderator is next. Raises WrongState, NotYours, InvalidInput."""
    now = now or timezone.now()
    statement = _text(statement, "statement")
    hold, dispute = _locked_case(dispute.pk)
    if actor_of(hold, by) != Actor.PAYEE:
        raise NotYours("The answer is the seller's.")
    if dispute.answered_at is not None:
        raise Conflict("This dispute has been answered already. You can still add evidence.")
    answer, escalate = DEADLINES[HoldState.DISPUTED]
    dispute.answer, dispute.answered_at, dispute.state = statement, now, Dispute.State.ANSWERED
    dispute.save(update_fields=["answer", "answered_at", "state"])
    if hold.due_event == answer.event:
        hold.due_at, hold.due_event = dispute.created_at + escalate.after, escalate.event.value
        hold.save(update_fields=["due_at", "due_event"])
    audit.record(action="dispute.answer", target=dispute, by=by)
    outbox.emit(DisputeAnswered(**fact(hold, by=by, now=now), dispute_id=dispute.pk))
    return dispute


def add_evidence(*, dispute: Dispute, by: User, note: str = "", upload: BinaryIO | None = None) -> Evidence:
    """Put a note, a picture or both into the case, where they stay. Both sides and moderators may.

    The same once more (a double click) is what is there already. Raises NotYours, WrongState (closed), InvalidInput,
    TooLarge, UnsupportedType.
    """
    note = note.strip()
    if not note and upload is None:
        raise InvalidInput("Add a picture or write a note.", field="note")
    if len(note) > 1000:
        raise InvalidInput("A note has at most 1,000 characters.", field="note")
    actor_of(dispute.hold, by)
    # Decoding a picture takes a while: before the lock, not under it.
    stored = accept_upload(upload, folder=f"evidence/{dispute.pk}") if upload is not None else None
    digest = hashlib.sha256(f"{stored.digest if stored else ''}\n{note}".encode()).hexdigest()
    with transaction.atomic():
        _, dispute = _locked_case(dispute.pk)
        if same := dispute.evidence.filter(by=by, digest=digest).first():
            if stored:
                transaction.on_commit(lambda: remove(stored.name))
            return same
        if dispute.evidence.count() >= _MOST_EVIDENCE:
            raise Conflict(f"A case takes {_MOST_EVIDENCE} pieces of evidence.")
        evidence = Evidence.objects.create(
            dispute=dispute, by=by, note=note, file=stored.name if stored else "", digest=digest
        )
        audit.record(action="dispute.evidence", target=dispute, by=by, after={"evidence": evidence.pk})
    return evidence


@transaction.atomic
def withdraw_dispute(*, dispute: Dispute, by: User, now: dt.datetime | None = None) -> Dispute:
    """The buyer takes it back; the inspection begins anew. Raises WrongState, NotYours. Emits dispute.withdrawn."""
    now = now or timezone.now()
    hold, dispute = _locked_case(dispute.pk)
    refuse_while_the_bank_decides(hold)
    advance(hold, HoldEvent.WITHDRAW, actor=actor_of(hold, by), by=by, now=now)
    dispute.state, dispute.decided_at = Dispute.State.WITHDRAWN, now
    dispute.save(update_fields=["state", "decided_at"])
    audit.record(action="dispute.withdraw", target=dispute, by=by)
    outbox.emit(DisputeWithdrawn(**fact(hold, by=by, now=now), dispute_id=dispute.pk))
    outbox.emit(HoldDelivered(**fact(hold, by=by, now=now), inspect_until=hold.due_at))
    return dispute


@transaction.atomic
def decide_dispute(
    *,
    dispute: Dispute,
    by: User,
    outcome: str,
    decision: str,
    refund_minor: int | None = None,
    now: dt.datetime | None = None,
) -> Dispute:
    """A moderator settles the case; the money moves with it. `refund_minor` is the buyer's part of a split.

    Raises NotYours (no moderator, or a side of the case), WrongState, InvalidInput, Conflict (a bank is deciding).
    Emits dispute.decided and hold.released, hold.refunded or hold.split.
    """
    now = now or timezone.now()
    decision = _text(decision, "decision")
    if outcome not in Dispute.Outcome.values:
        raise InvalidInput("Decide for the seller, for the buyer, or split.", field="outcome")
    hold, dispute = _locked_case(dispute.pk)
    actor = actor_of(hold, by)
    if actor != Actor.MODERATOR:
        raise NotYours("A case is decided by a moderator who is not part of it.")
    if outcome == Dispute.Outcome.SPLIT:
        if refund_minor is None or not 0 < refund_minor < hold.amount_minor:
            raise InvalidInput("A split leaves something for both sides.", field="refund_minor")
    else:
        refund_minor = hold.amount_minor if outcome == Dispute.Outcome.REFUND else hold.security_minor
    event = _CLOSING[Dispute.Outcome(outcome)]
    close(hold, event, refund_minor=refund_minor, actor=actor, by=by, now=now, reason=decision)
    dispute.refresh_from_db()
    return dispute


def _locked_case(dispute_id: UUID) -> tuple[Hold, Dispute]:
    """The hold and then the dispute, both locked; the dispute is under way. Raises NotFound, WrongState."""
    hold_id = Dispute.objects.filter(pk=dispute_id).values_list("hold_id", flat=True).first()
    if hold_id is None:
        raise NotFound
    hold = locked(hold_id)
    dispute = Dispute.objects.select_for_update(no_key=True).get(pk=dispute_id)
    if dispute.state not in _ACTIVE:
        raise WrongState("This dispute is closed.")
    return hold, dispute


def _text(given: str, field: str) -> str:
    given = given.strip()
    if not given:
        raise InvalidInput("Say it in a few words.", field=field)
    if len(given) > _LONGEST:
        raise InvalidInput(f"At most {_LONGEST:,} characters.", field=field)
    return given
