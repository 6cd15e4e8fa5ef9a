"""A parcel that goes before the money: a return to the seller, or a replacement to the buyer. Same steps, other ends."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core.errors import InvalidInput, NotYours
from apps.escrow.actions.moves import WrongState, refuse_while_the_bank_decides
from apps.escrow.cases import log
from apps.escrow.cases.models import CaseEntry, CaseParcel, CaseState, Remedy
from apps.escrow.cases.settling import Terms, locked_case, move, pay_out, text_of
from apps.escrow.cases.talks import other_side
from apps.escrow.models import Dispute, Hold

What = CaseEntry.What


@transaction.atomic
def send_parcel(
    *, dispute: Dispute, by: User, tracking_number: str, carrier: str = "", now: dt.datetime | None = None
) -> CaseParcel:
    """The parcel left, with a number to follow it by. Safe to repeat with the same number.

    Raises WrongState (nothing is awaited, it left already, or its time is over), NotYours, InvalidInput.
    """
    now = now or timezone.now()
    number = tracking_number.strip()[:60]
    if not number:
        raise InvalidInput("It is sent with tracking. Enter the parcel's number.", field="tracking_number")
    hold, dispute, parcel = _under_way(dispute, "send", by)
    if by.pk != parcel.sender_id:
        raise NotYours("The other side sends this parcel.")
    if parcel.shipped_at is not None:
        if parcel.tracking_number == number:
            return parcel
        raise WrongState("The parcel has left already.")
    if dispute.due_at is not None and dispute.due_at <= now:
        raise WrongState("The time to send it is over.")
    parcel.carrier, parcel.tracking_number, parcel.shipped_at = carrier.strip()[:60], number, now
    parcel.save(update_fields=["carrier", "tracking_number", "shipped_at"])
    log.write(dispute, What.SENT, by=by, now=now, text=f"{parcel.carrier} {number}".strip())
    due = now + settings.TRADE_DEADLINES["return_arrive"]
    move(hold, dispute, CaseState.RETURNING, "send", by=by, now=now, turn=other_side(hold, by), due_at=due)
    return parcel


@transaction.atomic
def receive_parcel(*, dispute: Dispute, by: User, now: dt.datetime | None = None) -> Dispute:
    """It is here and right: the money moves. Raises WrongState, NotYours, Conflict (a bank is deciding)."""
    now = now or timezone.now()
    hold, dispute, parcel = _under_way(dispute, "receive", by)
    _check_receiver(parcel, by)
    log.write(dispute, What.RECEIVED, by=by, now=now)
    arrive(hold, parcel, now=now)
    dispute.refresh_from_db()
    return dispute


@transaction.atomic
def contest_parcel(*, dispute: Dispute, by: User, statement: str, now: dt.datetime | None = None) -> Dispute:
    """It did not come, or is not right: a moderator decides. Raises WrongState, NotYours, InvalidInput."""
    now = now or timezone.now()
    statement = text_of(statement, "statement")
    hold, dispute, parcel = _under_way(dispute, "contest", by)
    _check_receiver(parcel, by)
    parcel.closed_at = now
    parcel.save(update_fields=["closed_at"])
    log.write(dispute, What.CONTESTED, by=by, now=now, text=statement)
    fields = {"turn": None, "turn_due_at": None, "due_at": None, "escalated_at": now}
    move(hold, dispute, CaseState.ESCALATED, "contest", by=by, now=now, **fields)
    return dispute


def overdue(hold: Hold, dispute: Dispute, *, now: dt.datetime) -> None:
    """The time of a locked case's parcel is over: not sent, or nobody said anything about it."""
    _, _, parcel = _under_way(dispute, "unsent", None)
    if parcel.shipped_at is not None:
        log.write(dispute, What.UNCLAIMED, by=None, now=now)
        arrive(hold, parcel, now=now)
        return
    log.write(dispute, What.UNSENT, by=None, now=now)
    parcel.closed_at = now
    parcel.save(update_fields=["closed_at"])
    returns = parcel.remedy == Remedy.RETURN
    terms = Terms(Remedy.RELEASE, hold.security_minor) if returns else Terms(Remedy.REFUND, hold.amount_minor)
    pay_out(hold, terms, by=None, reason="The parcel was not sent in time.", now=now)


def arrive(hold: Hold, parcel: CaseParcel, *, now: dt.datetime) -> None:
    """The parcel of a locked case counts as received."""
    refuse_while_the_bank_decides(hold)
    parcel.received_at = parcel.closed_at = now
    parcel.save(update_fields=["received_at", "closed_at"])
    terms = Terms(Remedy(parcel.remedy), parcel.refund_minor)
    pay_out(hold, terms, by=parcel.decided_by, reason=parcel.reason, now=now)


def _under_way(dispute: Dispute, event: str, side: User | None) -> tuple[Hold, Dispute, CaseParcel]:
    hold, dispute = locked_case(dispute.pk, event, side=side)
    parcel = dispute.parcels.select_related("sender", "decided_by").filter(closed_at__isnull=True).first()
    if parcel is None:
        raise WrongState("No parcel is awaited in this case.")
    return hold, dispute, parcel


def _check_receiver(parcel: CaseParcel, by: User) -> None:
    if by.pk == parcel.sender_id:
        raise NotYours("Who gets the parcel says that it is here.")
    if parcel.shipped_at is None:
        raise WrongState("The parcel has not left yet.")
