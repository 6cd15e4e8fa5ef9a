"""The state machine of a hold as one table: who may do what in which state, where it leads, what the clock does.

Actions read it, docs/escrow.md is drawn from it (`manage.py draw_escrow`), tests walk it. No database here.
"""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings

from apps.escrow.models import HoldState


class HoldEvent(StrEnum):
    """What can happen to a hold."""

    PAY = "pay"
    CANCEL = "cancel"
    EXPIRE = "expire"
    SHIP = "ship"
    DELIVER = "deliver"
    RELEASE = "release"
    REFUND = "refund"
    DISPUTE = "dispute"
    WITHDRAW = "withdraw"
    SPLIT = "split"
    FREEZE = "freeze"
    CHARGE_BACK = "charge-back"
    LATE = "late"
    ASK = "ask"
    CLAIM = "claim"
    UNANSWERED = "unanswered"
    ESCALATE = "escalate"


class Actor(StrEnum):
    """In which role somebody acts on a hold."""

    PAYER = "buyer"
    PAYEE = "seller"
    MODERATOR = "moderator"
    CLOCK = "clock"
    PROCESSOR = "payment processor"
    CARRIER = "carrier"
    AGREEMENT = "agreement"
    CASE = "case"


@dataclass(frozen=True)
class Step:
    """Where an event leads, who may cause it, and what it means to the two people."""

    next: HoldState
    actors: frozenset[Actor]
    meaning: str


@dataclass(frozen=True)
class Deadline:
    """What happens by itself `setting` (a key of TRADE_DEADLINES) after a state was entered."""

    event: HoldEvent
    setting: str
    meaning: str

    @property
    def after(self) -> dt.timedelta:
        """How long after entering the state."""
        duration: dt.timedelta = settings.TRADE_DEADLINES[self.setting]
        return duration


def _step(to: HoldState, actors: str, meaning: str) -> Step:
    letters = {
        "b": Actor.PAYER,
        "s": Actor.PAYEE,
        "m": Actor.MODERATOR,
        "c": Actor.CLOCK,
        "p": Actor.PROCESSOR,
        "t": Actor.CARRIER,
        "a": Actor.AGREEMENT,
        "k": Actor.CASE,
    }
    return Step(to, frozenset(letters[letter] for letter in actors), meaning)


_S, _E = HoldState, HoldEvent

STEPS: dict[HoldState, dict[HoldEvent, Step]] = {
    _S.CREATED: {
        _E.PAY: _step(_S.FUNDED, "p", "The payment arrived; the money is held."),
        _E.CANCEL: _step(_S.CANCELLED, "bsm", "Nothing was paid; either side may call it off."),
        _E.EXPIRE: _step(_S.CANCELLED, "c", "Nobody paid in time."),
    },
    _S.FUNDED: {
        _E.SHIP: _step(_S.SHIPPED, "s", "The parcel is on its way."),
        _E.CANCEL: _step(_S.REFUNDED, "bsm", "The seller may at any time, the buyer once shipping is late."),
        _E.REFUND: _step(_S.REFUNDED, "sm", "The seller gives the money back."),
        _E.LATE: _step(_S.FUNDED, "c", "Not shipped in time; the buyer may cancel from now on."),
        _E.EXPIRE: _step(_S.REFUNDED, "c", "Never shipped; the money goes back by itself."),
        _E.FREEZE: _step(_S.DISPUTED, "p", "The buyer's bank disputes the payment."),
    },
    _S.SHIPPED: {
        _E.DELIVER: _step(_S.DELIVERED, "bmt", "The parcel arrived; the inspection begins."),
        _E.RELEASE: _step(_S.RELEASED, "bmc", "The buyer is content, or never claimed that the parcel was lost."),
        _E.REFUND: _step(_S.REFUNDED, "sm", "The seller gives the money back, e.g. the parcel came back."),
        _E.DISPUTE: _step(_S.DISPUTED, "b", "Something is wrong; a lost parcel can be claimed once the time is up."),
        _E.ASK: _step(_S.SHIPPED, "c", "Both are asked where the parcel is."),
        _E.CLAIM: _step(_S.SHIPPED, "c", "The buyer may claim from now on that the parcel is lost."),
        _E.FREEZE: _step(_S.DISPUTED, "p", "The buyer's bank disputes the payment."),
    },
    _S.DELIVERED: {
        _E.RELEASE: _step(_S.RELEASED, "bmc", "The buyer is content, or the inspection time passed in silence."),
        _E.REFUND: _step(_S.REFUNDED, "sm", "The seller takes the parcel back and the money goes back."),
        _E.DISPUTE: _step(_S.DISPUTED, "b", "The parcel is not what was promised."),
        _E.FREEZE: _step(_S.DISPUTED, "p", "The buyer's bank disputes the payment."),
    },
    _S.DISPUTED: {
        _E.RELEASE: _step(_S.RELEASED, "bk", "The buyer gives in, or the case ends for the seller."),
        _E.REFUND: _step(_S.REFUNDED, "sk", "The seller gives in, or the case ends for the buyer."),
        _E.SPLIT: _step(_S.SPLIT, "k", "The case ends with a part for each."),
        _E.WITHDRAW: _step(_S.DELIVERED, "b", "The buyer withdraws the dispute; the inspection begins anew."),
        _E.UNANSWERED: _step(_S.DISPUTED, "c", "The other side did not answer; a moderator takes over."),
        _E.ESCALATE: _step(_S.DISPUTED, "c", "Open for too long; it goes to the top of the moderators' queue."),
        _E.FREEZE: _step(_S.DISPUTED, "p", "The buyer's bank disputes the payment as well."),
        _E.CHARGE_BACK: _step(_S.REFUNDED, "p", "The bank took the money back; nothing is left to hold."),
    },
    _S.RELEASED: {},
    _S.REFUNDED: {},
    _S.SPLIT: {},
    _S.CANCELLED: {},
}

# A led hold is money within a larger agreement (a swap). The agreement ships, inspects and keeps the clock; the hold
# itself waits, is objected to, and ends. A release gives back the security in it.
LED_STEPS: dict[HoldState, dict[HoldEvent, Step]] = {
    _S.CREATED: {
        _E.PAY: _step(_S.FUNDED, "p", "The payment arrived; the money is held."),
        _E.CANCEL: _step(_S.CANCELLED, "a", "The agreement ended before this was paid."),
    },
    _S.FUNDED: {
        _E.RELEASE: _step(_S.RELEASED, "a", "All went as agreed: the cash goes over, the deposit comes back."),
        _E.REFUND: _step(_S.REFUNDED, "a", "The agreement ended without fault of the payer; all comes back."),
        _E.SPLIT: _step(
            _S.SPLIT, "a", "The payer did not keep the agreement; the other side is made good out of this."
        ),
        _E.DISPUTE: _step(_S.DISPUTED, "b", "What the other side sent is not what was promised, or did not arrive."),
        _E.FREEZE: _step(_S.DISPUTED, "p", "The payer's bank disputes the payment."),
    },
    _S.DISPUTED: {
        _E.RELEASE: _step(_S.RELEASED, "k", "The case ends against the objection."),
        _E.REFUND: _step(_S.REFUNDED, "sk", "The other side gives in, or the case ends for the payer."),
        _E.SPLIT: _step(_S.SPLIT, "k", "The case ends with a part for each."),
        _E.WITHDRAW: _step(_S.FUNDED, "b", "The objection is withdrawn; the inspection begins anew."),
        _E.UNANSWERED: _step(_S.DISPUTED, "c", "The other side did not answer; a moderator takes over."),
        _E.ESCALATE: _step(_S.DISPUTED, "c", "Open for too long; it goes to the top of the moderators' queue."),
        _E.FREEZE: _step(_S.DISPUTED, "p", "The payer's bank disputes the payment as well."),
        _E.CHARGE_BACK: _step(_S.REFUNDED, "p", "The bank took the money back; nothing is left to hold."),
    },
}

TRANSITIONS: dict[HoldState, dict[HoldEvent, HoldState]] = {
    state: {event: step.next for event, step in steps.items()} for state, steps in STEPS.items()
}

DEADLINES: dict[HoldState, tuple[Deadline, ...]] = {
    _S.CREATED: (Deadline(_E.EXPIRE, "pay", "cancelled when nobody has paid"),),
    _S.FUNDED: (
        Deadline(_E.LATE, "ship", "the buyer may cancel when nothing was shipped"),
        Deadline(_E.EXPIRE, "ship_final", "the money goes back when nothing was shipped"),
    ),
    _S.SHIPPED: (
        Deadline(_E.ASK, "deliver", "both are asked where the parcel is"),
        Deadline(_E.CLAIM, "lost", "the buyer may claim that the parcel is lost"),
        Deadline(_E.RELEASE, "unclaimed", "released when the buyer has claimed nothing"),
    ),
    _S.DELIVERED: (Deadline(_E.RELEASE, "inspect", "released when the buyer has not objected"),),
    _S.DISPUTED: (
        Deadline(_E.UNANSWERED, "answer_dispute", "a moderator takes over when the other side has not answered"),
        Deadline(_E.ESCALATE, "escalate_dispute", "goes to the top of the moderators' queue"),
    ),
}

TERMINAL = frozenset(state for state, steps in STEPS.items() if not steps)
# Here the whole amount lies on the hold's ledger account; everywhere else nothing does. A trigger holds us to it.
HOLDING = frozenset(HoldState) - TERMINAL - {HoldState.CREATED}


def allowed(state: str) -> frozenset[HoldEvent]:
    """The events that the state knows."""
    return frozenset(STEPS[HoldState(state)])


def step(state: str, event: str, *, is_led: bool = False) -> Step | None:
    """What the event does in this state; None when it has no place there."""
    return (LED_STEPS if is_led else STEPS).get(HoldState(state), {}).get(HoldEvent(event))


def first_deadline(state: str, *, since: dt.datetime) -> tuple[dt.datetime | None, str]:
    """When the clock acts first after the state was entered at `since`, and by which event; (None, "") for never."""
    waiting = DEADLINES.get(HoldState(state), ())
    return (since + waiting[0].after, waiting[0].event.value) if waiting else (None, "")


def deadline_after(state: str, event: str, *, since: dt.datetime) -> tuple[dt.datetime | None, str]:
    """The deadline that follows `event` in the same state; (None, "") when the clock has nothing more to say."""
    waiting = DEADLINES.get(HoldState(state), ())
    for earlier, later in itertools.pairwise(waiting):
        if earlier.event == event:
            return since + later.after, later.event.value
    return None, ""
