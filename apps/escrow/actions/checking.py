"""Held money that a moderator looks at before the parcel leaves: judged when it arrives, stopped, let go on or given back.

While it is looked at the clock stands and nothing is sent or released. The seller may give the money back at any time, and
the buyer may cancel once the time to ship would have passed without the check.
"""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core import audit, outbox
from apps.escrow.actions.moves import close, fact, locked
from apps.escrow.events import HoldChecked
from apps.escrow.models import Hold, HoldState
from apps.escrow.states import Actor, HoldEvent
from apps.risk import actions as risk
from apps.risk.models import Sighting
from apps.risk.rules import About

_OF_SWAPS = frozenset({"same-card", "passed-card", "many-cards", "many-payments"})
REFUSED = "We could not accept this payment."


def judge_payment(hold: Hold, *, card: str, now: dt.datetime) -> None:
    """Judge a locked hold whose money has just arrived; what has to wait stops. card: the fingerprint, or empty.

    A swap is judged as a whole when it is agreed; of its payments only the card is new.
    """
    risk.see([(hold.payer_id, Sighting.Kind.CARD, card)], at=now)
    judgement = risk.judge(
        about=About.PAYMENT, subject_id=hold.pk, title=hold.description, member=hold.payer, other=hold.payee,
        amount_minor=hold.amount_minor, currency=hold.currency, only=_OF_SWAPS if hold.is_led else None, at=now,
    )  # fmt: skip
    if not judgement.waits:
        return
    hold.checked_since = now
    hold.clock_left = hold.due_at - now if hold.due_at else None
    hold.due_at = None
    hold.save(update_fields=["checked_since", "clock_left", "due_at"])
    audit.record(action="hold.check", target=hold, after={"checked_since": now})
    outbox.emit(HoldChecked(**fact(hold, by=None, now=now), began=True))


@transaction.atomic
def end_check(*, hold_id: UUID, released: bool, by: User | None, now: dt.datetime | None = None) -> None:
    """What was decided: the clock goes on with what was left, or all money goes back. Safe to repeat. Emits hold.checked.

    A hold of a swap is given back by the swap, which follows hold.checked.
    """
    now = now or timezone.now()
    hold = locked(hold_id)
    if hold.checked_since is None:
        return
    is_waiting = hold.state == HoldState.FUNDED
    if hold.funded_at is not None:
        # All that counts from here (shipping late, cancelling, a quick parcel) begins as late as the seller may begin.
        hold.funded_at += now - hold.checked_since
    hold.checked_since = None
    if is_waiting and hold.clock_left is not None:
        hold.due_at = now + hold.clock_left
    hold.clock_left = None
    hold.save(update_fields=["checked_since", "clock_left", "funded_at", "due_at"])
    audit.record(action="hold.check-ended", target=hold, by=by, after={"released": released})
    outbox.emit(HoldChecked(**fact(hold, by=by, now=now), began=False, refused=not released))
    if is_waiting and not released and not hold.is_led:
        actor = Actor.MODERATOR
        whole = hold.amount_minor
        close(hold, HoldEvent.REFUND, refund_minor=whole, actor=actor, by=by, now=now, reason=REFUSED)
