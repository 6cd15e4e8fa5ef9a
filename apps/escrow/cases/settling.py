"""How a case ends: its terms are carried out, by money alone or by a parcel that goes first. Locks: hold, then dispute."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from apps.accounts.models import User
from apps.core import audit, outbox
from apps.core.errors import InvalidInput, NotFound, NotYours
from apps.escrow.actions.moves import WrongState, close, fact, locked, refuse_while_the_bank_decides
from apps.escrow.cases import log
from apps.escrow.cases.models import ACTIVE, CaseEntry, CaseOffer, CaseParcel, CaseState, Remedy
from apps.escrow.cases.states import may_follow
from apps.escrow.events import CaseMoved
from apps.escrow.models import Dispute, Hold
from apps.escrow.states import Actor, HoldEvent

_LONGEST = 4000
_PARCEL_FIRST = (Remedy.RETURN, Remedy.REPLACEMENT)


@dataclass(frozen=True)
class Terms:
    """How a case is settled; `refund_minor` goes back to the payer in the end."""

    remedy: Remedy
    refund_minor: int


def locked_case(dispute_id: UUID, event: str = "", *, side: User | None = None) -> tuple[Hold, Dispute]:
    """The hold and then the dispute, both locked; the case is under way and knows the event in its state.

    side: one of the two, where the event is theirs alone. Raises NotFound, NotYours, WrongState.
    """
    hold_id = Dispute.objects.filter(pk=dispute_id).values_list("hold_id", flat=True).first()
    if hold_id is None:
        raise NotFound
    hold = locked(hold_id)
    if side is not None and side.pk not in (hold.payer_id, hold.payee_id):
        raise NotYours("That is for the two sides of the case.")
    dispute = Dispute.objects.select_for_update(no_key=True).get(pk=dispute_id)
    if dispute.state not in ACTIVE:
        raise WrongState("This case is closed.")
    if event and not may_follow(dispute.state, event):
        raise WrongState("That is no longer possible here: the case has moved on. Look at it again.")
    return hold, dispute


def terms_of(hold: Hold, remedy: str, refund_minor: int | None) -> Terms:
    """Terms that make sense for this hold. `refund_minor` is asked for a split, and may be given for a return.

    Raises InvalidInput.
    """
    if remedy not in Remedy.values:
        raise InvalidInput("Choose how the case is to be settled.", field="remedy")
    chosen = Remedy(remedy)
    if chosen == Remedy.SPLIT and (refund_minor is None or not 0 < refund_minor < hold.amount_minor):
        raise InvalidInput("A split leaves something for both sides.", field="refund_minor")
    if chosen == Remedy.RETURN:
        refund_minor = hold.amount_minor if refund_minor is None else refund_minor
        if not 0 < refund_minor <= hold.amount_minor:
            raise InvalidInput("More than nothing goes back, and at most all.", field="refund_minor")
        if not hold.is_led and hold.delivered_at is None:
            raise InvalidInput("Nothing has arrived that could go back.", field="remedy")
    if chosen == Remedy.REPLACEMENT and hold.is_led:
        raise InvalidInput("In a swap nothing is replaced: propose another swap.", field="remedy")
    if chosen in (Remedy.RELEASE, Remedy.REPLACEMENT):
        refund_minor = hold.security_minor
    elif chosen == Remedy.REFUND:
        refund_minor = hold.amount_minor
    return Terms(chosen, refund_minor or 0)


def text_of(given: str, field: str, *, longest: int = _LONGEST) -> str:
    """What somebody said, without blanks around it. Raises InvalidInput for nothing and for too much."""
    given = given.strip()
    if not given:
        raise InvalidInput("Say it in a few words.", field=field)
    if len(given) > longest:
        raise InvalidInput(f"At most {longest:,} characters.", field=field)
    return given


def move(
    hold: Hold, dispute: Dispute, state: CaseState, event: str, *, by: User | None, now: dt.datetime, **fields: object
) -> None:
    """Write the next state of a locked case with its fields, the audit entry and the event."""
    before = dispute.state
    dispute.state = state
    for name, value in fields.items():
        setattr(dispute, name, value)
    dispute.save(update_fields=["state", *fields])
    audit.record(
        action=f"dispute.{event}", target=dispute, by=by, before={"state": before}, after={"state": dispute.state}
    )
    outbox.emit(CaseMoved(**fact(hold, by=by, now=now), dispute_id=dispute.pk, what=event, state=dispute.state))


def void_offers(dispute: Dispute, now: dt.datetime, state: CaseOffer.State = CaseOffer.State.VOID) -> bool:
    """End the offer that is open; whether there was one."""
    return bool(dispute.offers.filter(state=CaseOffer.State.OPEN).update(state=state, closed_at=now))


def stop_clocks(hold: Hold) -> None:
    """A case that waits for its own clock is not the moderators' to hurry."""
    hold.due_at, hold.due_event = None, ""
    hold.save(update_fields=["due_at", "due_event"])


def carry_out(hold: Hold, dispute: Dispute, terms: Terms, *, by: User, reason: str, now: dt.datetime) -> None:
    """Do what was agreed or decided in a locked case: the money moves, or a parcel is awaited first.

    Raises Conflict (a bank is deciding).
    """
    refuse_while_the_bank_decides(hold)
    if terms.remedy not in _PARCEL_FIRST:
        pay_out(hold, terms, by=by, reason=reason, now=now)
        return
    sender = hold.payer if terms.remedy == Remedy.RETURN else hold.payee
    void_offers(dispute, now)
    stop_clocks(hold)
    CaseParcel.objects.create(
        dispute=dispute,
        remedy=terms.remedy,
        refund_minor=terms.refund_minor,
        sender=sender,
        decided_by=by,
        reason=reason,
        created_at=now,
    )
    move(
        hold,
        dispute,
        CaseState.RETURNING,
        "await",
        by=by,
        now=now,
        turn=sender,
        turn_due_at=None,
        asked_by=None,
        due_at=now + settings.TRADE_DEADLINES["return_ship"],
    )
    log.write(dispute, CaseEntry.What.AWAITED, by=None, now=now, remedy=terms.remedy, refund_minor=terms.refund_minor)


def pay_out(hold: Hold, terms: Terms, *, by: User | None, reason: str, now: dt.datetime) -> None:
    """End the hold by the case's terms; the dispute is closed with it. Raises Conflict (a bank is deciding)."""
    if terms.remedy in (Remedy.RELEASE, Remedy.REPLACEMENT):
        event = HoldEvent.RELEASE
    else:
        event = HoldEvent.REFUND if terms.refund_minor == hold.amount_minor else HoldEvent.SPLIT
    close(hold, event, refund_minor=terms.refund_minor, actor=Actor.CASE, by=by, now=now, reason=reason)
