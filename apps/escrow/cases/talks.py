"""The two sides look for a settlement: offers and counter-offers, each open for some days, and a moderator if asked.

Whose turn it is follows from who moved last. A side that lets its time pass can be taken to a moderator by the other.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core import audit, outbox
from apps.core.errors import Conflict, InvalidInput, NotYours
from apps.escrow.actions.moves import WrongState, actor_of, fact, refuse_while_the_bank_decides
from apps.escrow.cases import log
from apps.escrow.cases.models import CaseEntry, CaseOffer, CaseState, Remedy
from apps.escrow.cases.settling import Terms, carry_out, locked_case, move, terms_of, text_of, void_offers
from apps.escrow.events import DisputeAnswered
from apps.escrow.models import Dispute, Hold, HoldState
from apps.escrow.states import DEADLINES, Actor

What = CaseEntry.What
_MOST_OFFERS = 30
_DOUBLE_CLICK = dt.timedelta(seconds=10)


def other_side(hold: Hold, by: User) -> User:
    """The other of the two. Raises NotYours for anybody else."""
    if by.pk not in (hold.payer_id, hold.payee_id):
        raise NotYours("That is for the two sides of the case.")
    other: User = hold.payee if by.pk == hold.payer_id else hold.payer
    return other


@transaction.atomic
def answer_dispute(*, dispute: Dispute, by: User, statement: str, now: dt.datetime | None = None) -> Dispute:
    """The seller gives the other view; the two talk. Raises WrongState, NotYours, InvalidInput, Conflict."""
    now = now or timezone.now()
    statement = text_of(statement, "statement")
    hold, dispute = locked_case(dispute.pk)
    if actor_of(hold, by) != Actor.PAYEE:
        raise NotYours("The answer is the seller's.")
    if dispute.answered_at is not None:
        raise Conflict("This dispute has been answered already. You can still add evidence.")
    _answer(hold, dispute, by=by, statement=statement, now=now)
    return dispute


def _answer(hold: Hold, dispute: Dispute, *, by: User, statement: str, now: dt.datetime) -> None:
    answer, escalate = DEADLINES[HoldState.DISPUTED]
    dispute.answer, dispute.answered_at = statement, now
    fields = ["answer", "answered_at"]
    if dispute.state == CaseState.OPEN:
        dispute.state, dispute.turn = CaseState.ANSWERED, hold.payer
        dispute.turn_due_at, dispute.due_at = now + _time(), None
        fields += ["state", "turn", "turn_due_at", "due_at"]
    dispute.save(update_fields=fields)
    if hold.due_event == answer.event:
        hold.due_at, hold.due_event = dispute.created_at + escalate.after, escalate.event.value
        hold.save(update_fields=["due_at", "due_event"])
    log.write(dispute, What.ANSWERED, by=by, now=now, text=statement)
    audit.record(action="dispute.answer", target=dispute, by=by)
    outbox.emit(DisputeAnswered(**fact(hold, by=by, now=now), dispute_id=dispute.pk))


@transaction.atomic
def offer(
    *,
    dispute: Dispute,
    by: User,
    remedy: str,
    refund_minor: int | None = None,
    note: str = "",
    now: dt.datetime | None = None,
) -> CaseOffer:
    """Offer terms to settle by; the one that was open is void. The seller's first words count as the answer.

    The same again at once (a double click) is what is there already. Raises WrongState, NotYours, InvalidInput, Conflict
    (a bank is deciding, or too many).
    """
    now = now or timezone.now()
    note = note.strip()
    if len(note) > 1000:
        raise InvalidInput("At most 1,000 characters.", field="note")
    hold, dispute = locked_case(dispute.pk, "offer", side=by)
    other = other_side(hold, by)
    refuse_while_the_bank_decides(hold)
    terms = terms_of(hold, remedy, refund_minor)
    last = dispute.offers.filter(state=CaseOffer.State.OPEN).first()
    same = last is not None and (last.by_id, last.remedy, last.refund_minor, last.note) == (
        by.pk,
        terms.remedy,
        terms.refund_minor,
        note,
    )
    if last is not None and same and now - last.created_at < _DOUBLE_CLICK:
        return last
    if dispute.offers.count() >= _MOST_OFFERS:
        raise Conflict(f"{_MOST_OFFERS} offers are enough: ask a moderator to decide.")
    if dispute.state == CaseState.OPEN and by.pk == hold.payee_id and dispute.answered_at is None:
        _answer(hold, dispute, by=by, statement=note or str(terms.remedy.label), now=now)
    was_open = void_offers(dispute, now, CaseOffer.State.COUNTERED)
    made = CaseOffer.objects.create(
        dispute=dispute,
        by=by,
        remedy=terms.remedy,
        refund_minor=terms.refund_minor,
        note=note,
        due_at=now + _time(),
        created_at=now,
    )
    what = What.COUNTERED if was_open else What.OFFERED
    log.write(dispute, what, by=by, now=now, text=note, remedy=terms.remedy, refund_minor=terms.refund_minor)
    _pass_turn(hold, dispute, other, "offer", by=by, now=now)
    return made


@transaction.atomic
def accept_offer(*, offer: CaseOffer, by: User, now: dt.datetime | None = None) -> Dispute:
    """Agree to what the other side offers: it is carried out. Raises WrongState, NotYours, Conflict (a bank decides)."""
    now = now or timezone.now()
    hold, dispute, found = _answered_offer(offer, "accept", by, now)
    found.state, found.closed_at = CaseOffer.State.ACCEPTED, now
    found.save(update_fields=["state", "closed_at"])
    log.write(dispute, What.ACCEPTED, by=by, now=now, remedy=found.remedy, refund_minor=found.refund_minor)
    audit.record(action="dispute.accept", target=dispute, by=by, after={"offer": found.pk})
    terms = Terms(Remedy(found.remedy), found.refund_minor)
    carry_out(hold, dispute, terms, by=by, reason=f"Both agreed: {found.get_remedy_display()}.", now=now)
    dispute.refresh_from_db()
    return dispute


@transaction.atomic
def decline_offer(*, offer: CaseOffer, by: User, now: dt.datetime | None = None) -> Dispute:
    """Say no to it; the turn goes back. Raises WrongState, NotYours."""
    now = now or timezone.now()
    hold, dispute, found = _answered_offer(offer, "decline", by, now)
    found.state, found.closed_at = CaseOffer.State.DECLINED, now
    found.save(update_fields=["state", "closed_at"])
    log.write(dispute, What.DECLINED, by=by, now=now, remedy=found.remedy, refund_minor=found.refund_minor)
    _pass_turn(hold, dispute, found.by, "decline", by=by, now=now)
    return dispute


def _answered_offer(offer: CaseOffer, event: str, by: User, now: dt.datetime) -> tuple[Hold, Dispute, CaseOffer]:
    """The open offer of the other side, with its locked case."""
    hold, dispute = locked_case(offer.dispute_id, event, side=by)
    found = CaseOffer.objects.select_related("by").get(pk=offer.pk)
    if found.by_id == by.pk:
        raise NotYours("The other side answers your offer.")
    if found.state != CaseOffer.State.OPEN or found.due_at <= now:
        raise WrongState("This offer is no longer open.")
    return hold, dispute, found


@transaction.atomic
def ask_moderator(*, dispute: Dispute, by: User, now: dt.datetime | None = None) -> Dispute:
    """Ask a moderator to decide: at once where the other side has asked too or its time is over, else when that is.

    Asking passes the turn to the other side. Raises WrongState, NotYours.
    """
    now = now or timezone.now()
    hold, dispute = locked_case(dispute.pk, "ask", side=by)
    other = other_side(hold, by)
    late = dispute.turn_id == other.pk and dispute.turn_due_at is not None and dispute.turn_due_at <= now
    agreed = dispute.asked_by_id == other.pk
    if dispute.asked_by_id == by.pk and not late:
        return dispute
    log.write(dispute, What.ASKED, by=by, now=now)
    if late or agreed:
        escalate(hold, dispute, by=by, now=now)
        return dispute
    until = dispute.turn_due_at if dispute.turn_id == other.pk and dispute.turn_due_at else now + _time()
    move(
        hold, dispute, CaseState(dispute.state), "ask", by=by, now=now,
        asked_by=by, turn=other, turn_due_at=until, due_at=until,
    )  # fmt: skip
    return dispute


def escalate(hold: Hold, dispute: Dispute, *, by: User | None, now: dt.datetime) -> None:
    """A locked case becomes a moderator's."""
    fields = {"turn": None, "turn_due_at": None, "asked_by": None, "due_at": None}
    move(hold, dispute, CaseState.ESCALATED, "escalate", by=by, now=now, **fields)
    log.write(dispute, What.ESCALATED, by=None, now=now)


def _pass_turn(hold: Hold, dispute: Dispute, to: User, event: str, *, by: User, now: dt.datetime) -> None:
    """The other side has time again; what was asked of a moderator before is forgotten."""
    talks = dispute.state in (CaseState.OPEN, CaseState.ANSWERED)
    fields: dict[str, object] = {"turn": to, "turn_due_at": now + _time(), "asked_by": None, "due_at": None}
    move(hold, dispute, CaseState(dispute.state), event, by=by, now=now, **(fields if talks else {}))


def _time() -> dt.timedelta:
    time: dt.timedelta = settings.TRADE_DEADLINES["settle"]
    return time
