"""Disputes begin and are backed: the buyer objects, both add evidence, it is taken back. The rest is in apps/escrow/cases."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import BinaryIO

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core import audit, outbox
from apps.core.documents import StoredDocument, accept_pdf, is_pdf
from apps.core.errors import Conflict, InvalidInput
from apps.core.images import StoredImage, accept_upload, remove
from apps.escrow.actions.holds import claim_opens_at
from apps.escrow.actions.moves import actor_of, advance, end_talks, fact, locked, refuse_while_the_bank_decides
from apps.escrow.cases import log
from apps.escrow.cases.models import CaseEntry
from apps.escrow.cases.settling import locked_case, text_of
from apps.escrow.events import DisputeWithdrawn, HoldDelivered, HoldDisputed
from apps.escrow.models import Dispute, Evidence, Hold, HoldState
from apps.escrow.states import DEADLINES, Actor, HoldEvent

_MOST_EVIDENCE = 20


@transaction.atomic
def open_dispute(*, hold: Hold, by: User, reason: str, statement: str, now: dt.datetime | None = None) -> Dispute:
    """Stop the clock: the money stays until the case is settled. A lost parcel can be claimed once its time is up.

    Raises WrongState, NotYours, InvalidInput, Conflict (too early). Emits hold.disputed.
    """
    now = now or timezone.now()
    statement = text_of(statement, "statement")
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
        state=Dispute.State.OPEN if waits_for_seller else Dispute.State.ESCALATED,
        turn=hold.payee if waits_for_seller else None,
        turn_due_at=now + answer.after if waits_for_seller else None,
        created_at=now,
    )
    what = CaseEntry.What.OPENED if event == HoldEvent.DISPUTE else CaseEntry.What.FROZEN
    log.write(dispute, what, by=by, now=now, text=statement)
    audit.record(action="dispute.open", target=dispute, by=by, after={"reason": reason, "hold": hold.pk})
    outbox.emit(HoldDisputed(**fact(hold, by=by, now=now), dispute_id=dispute.pk, reason=reason))
    return dispute


def add_evidence(*, dispute: Dispute, by: User, note: str = "", upload: BinaryIO | None = None) -> Evidence:
    """Put a note, a picture or PDF, or both into the case, where they stay. Both sides and moderators may.

    The same once more (a double click) is what is there already. Raises NotYours, WrongState (closed), InvalidInput,
    TooLarge, UnsupportedType.
    """
    note = note.strip()
    if not note and upload is None:
        raise InvalidInput("Add a picture or a PDF, or write a note.", field="note")
    if len(note) > 1000:
        raise InvalidInput("A note has at most 1,000 characters.", field="note")
    actor_of(dispute.hold, by)
    # Decoding a file takes a while: before the lock, not under it.
    stored = _stored(upload, folder=f"evidence/{dispute.pk}") if upload is not None else None
    digest = hashlib.sha256(f"{stored.digest if stored else ''}\n{note}".encode()).hexdigest()
    with transaction.atomic():
        _, dispute = locked_case(dispute.pk)
        if same := dispute.evidence.filter(by=by, digest=digest).first():
            if stored:
                transaction.on_commit(lambda: remove(stored.name))
            return same
        if dispute.evidence.count() >= _MOST_EVIDENCE:
            raise Conflict(f"A case takes {_MOST_EVIDENCE} pieces of evidence.")
        evidence = Evidence.objects.create(
            dispute=dispute, by=by, note=note, file=stored.name if stored else "", digest=digest
        )
        log.write(dispute, CaseEntry.What.EVIDENCE, by=by, now=timezone.now(), text=note)
        audit.record(action="dispute.evidence", target=dispute, by=by, after={"evidence": evidence.pk})
    return evidence


def _stored(upload: BinaryIO, *, folder: str) -> StoredImage | StoredDocument:
    """A picture or a PDF made safe, told by its content."""
    beginning = upload.read(8)
    upload.seek(0)
    return accept_pdf(upload, folder=folder) if is_pdf(beginning) else accept_upload(upload, folder=folder)


@transaction.atomic
def withdraw_dispute(*, dispute: Dispute, by: User, now: dt.datetime | None = None) -> Dispute:
    """The buyer takes it back; the inspection begins anew. Raises WrongState, NotYours. Emits dispute.withdrawn."""
    now = now or timezone.now()
    hold, dispute = locked_case(dispute.pk, "withdraw")
    refuse_while_the_bank_decides(hold)
    advance(hold, HoldEvent.WITHDRAW, actor=actor_of(hold, by), by=by, now=now)
    dispute.state, dispute.decided_at = Dispute.State.WITHDRAWN, now
    end_talks(dispute, now)
    dispute.save()
    log.write(dispute, CaseEntry.What.WITHDRAWN, by=by, now=now)
    audit.record(action="dispute.withdraw", target=dispute, by=by)
    outbox.emit(DisputeWithdrawn(**fact(hold, by=by, now=now), dispute_id=dispute.pk))
    outbox.emit(HoldDelivered(**fact(hold, by=by, now=now), inspect_until=hold.due_at))
    return dispute
