"""A moderator decides; either side may appeal once, to another moderator. The money waits until the ruling stands."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core.errors import InvalidInput, NotYours
from apps.escrow.actions.moves import WrongState, actor_of, refuse_while_the_bank_decides
from apps.escrow.cases import log
from apps.escrow.cases.models import CaseEntry, CaseRuling, CaseState, Remedy
from apps.escrow.cases.settling import (
    Terms,
    carry_out,
    locked_case,
    move,
    stop_clocks,
    terms_of,
    text_of,
    void_offers,
)
from apps.escrow.models import Dispute, Hold
from apps.escrow.states import Actor

What = CaseEntry.What


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
    """A moderator decides by a remedy (release, refund, split, return). `refund_minor` is the buyer's part.

    The first ruling is carried out when the time to appeal is over or both accept, one after an appeal at once. Raises
    NotYours (no moderator, a side of the case, or the one whose ruling was appealed), WrongState, InvalidInput, Conflict
    (a bank is deciding).
    """
    now = now or timezone.now()
    decision = text_of(decision, "decision")
    if outcome not in set(Remedy.values) - {Remedy.REPLACEMENT}:
        raise InvalidInput("Decide for the seller, for the buyer, split, or have it returned first.", field="outcome")
    hold, dispute = locked_case(dispute.pk, "rule")
    if actor_of(hold, by) != Actor.MODERATOR:
        raise NotYours("A case is decided by a moderator who is not part of it.")
    refuse_while_the_bank_decides(hold)
    terms = terms_of(hold, outcome, refund_minor)
    appealed = dispute.rulings.select_related("by").filter(appealed_at__isnull=False).first()
    if dispute.state == CaseState.APPEALED and appealed is not None and appealed.by_id == by.pk:
        raise NotYours("An appeal is decided by another moderator than the first.")
    time: dt.timedelta = settings.TRADE_DEADLINES["appeal"]
    ruling = CaseRuling.objects.create(
        dispute=dispute,
        by=by,
        remedy=terms.remedy,
        refund_minor=terms.refund_minor,
        decision=decision,
        not_by=appealed.by if appealed is not None and dispute.state == CaseState.APPEALED else None,
        is_final=appealed is not None or not time,
        created_at=now,
    )
    said = {"text": decision, "remedy": terms.remedy, "refund_minor": terms.refund_minor}
    log.write(dispute, What.RULED, by=by, now=now, **said)
    if ruling.is_final:
        _stand(hold, dispute, ruling, now)
    else:
        void_offers(dispute, now)
        stop_clocks(hold)
        fields = {"turn": None, "turn_due_at": None, "asked_by": None, "due_at": now + time}
        move(hold, dispute, CaseState.RULED, "rule", by=by, now=now, **fields)
    dispute.refresh_from_db()
    return dispute


@transaction.atomic
def accept_ruling(*, dispute: Dispute, by: User, now: dt.datetime | None = None) -> Dispute:
    """One side accepts the decision; with the second it is carried out at once. Safe to repeat.

    Raises WrongState, NotYours, Conflict (a bank is deciding).
    """
    now = now or timezone.now()
    hold, dispute = locked_case(dispute.pk, "consent", side=by)
    ruling = last_ruling(dispute)
    field = "accepted_by_payer_at" if by.pk == hold.payer_id else "accepted_by_payee_at"
    if getattr(ruling, field) is None:
        setattr(ruling, field, now)
        ruling.save(update_fields=[field])
        log.write(dispute, What.CONSENTED, by=by, now=now)
        move(hold, dispute, CaseState.RULED, "consent", by=by, now=now)
    if ruling.accepted_by_payer_at and ruling.accepted_by_payee_at:
        _stand(hold, dispute, ruling, now)
        dispute.refresh_from_db()
    return dispute


@transaction.atomic
def appeal(*, dispute: Dispute, by: User, statement: str, now: dt.datetime | None = None) -> Dispute:
    """Have another moderator look at it, once per case and in time. Raises WrongState, NotYours, InvalidInput."""
    now = now or timezone.now()
    statement = text_of(statement, "statement")
    hold, dispute = locked_case(dispute.pk, "appeal", side=by)
    ruling = last_ruling(dispute)
    if dispute.due_at is not None and dispute.due_at <= now:
        raise WrongState("The time to appeal is over.")
    if getattr(ruling, "accepted_by_payer_at" if by.pk == hold.payer_id else "accepted_by_payee_at"):
        raise WrongState("You have accepted this decision.")
    ruling.appealed_by, ruling.appealed_at = by, now
    ruling.save(update_fields=["appealed_by", "appealed_at"])
    log.write(dispute, What.APPEALED, by=by, now=now, text=statement)
    move(hold, dispute, CaseState.APPEALED, "appeal", by=by, now=now, due_at=None, escalated_at=now)
    return dispute


def last_ruling(dispute: Dispute) -> CaseRuling:
    """The ruling that the case stands at."""
    ruling = dispute.rulings.select_related("by").order_by("-created_at", "-pk").first()
    if ruling is None:
        raise WrongState("Nothing was decided yet.")
    return ruling


def carry_out_ruling(hold: Hold, dispute: Dispute, *, now: dt.datetime) -> None:
    """The time to appeal is over in a locked case."""
    _stand(hold, dispute, last_ruling(dispute), now)


def _stand(hold: Hold, dispute: Dispute, ruling: CaseRuling, now: dt.datetime) -> None:
    log.write(dispute, What.FINAL, by=None, now=now)
    terms = Terms(Remedy(ruling.remedy), ruling.refund_minor)
    carry_out(hold, dispute, terms, by=ruling.by, reason=ruling.decision, now=now)
