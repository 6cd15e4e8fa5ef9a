"""The state machine of a case as one table. Actions follow it, docs/escrow.md is drawn from it, tests walk it.

The hold of a case stays "disputed" all the while; the money moves once, when the case ends.
"""

from __future__ import annotations

from dataclasses import dataclass

from apps.escrow.cases.models import ACTIVE, CaseState

_S = CaseState


@dataclass(frozen=True)
class CaseStep:
    """Where an event leads (several where it depends), who causes it, and what it means."""

    next: tuple[CaseState, ...]
    by: str
    meaning: str


def _to(*states: CaseState, by: str, meaning: str) -> CaseStep:
    return CaseStep(states, by, meaning)


_GIVE_IN = _to(_S.DECIDED, by="either side", meaning="The buyer releases, or the seller refunds, the whole amount.")
_BANK = _to(_S.DECIDED, by="payment processor", meaning="The bank took the payment back; nothing is left to decide.")
_WITHDRAW = _to(_S.WITHDRAWN, by="who opened it", meaning="The case is taken back; the inspection begins anew.")
_OFFER = _to(_S.ANSWERED, by="either side", meaning="Terms to settle by, open for three days; they void former ones.")
_ACCEPT = _to(
    _S.DECIDED, _S.RETURNING, by="who was made the offer", meaning="The agreement is carried out, a parcel first."
)
_RULE = _to(
    _S.RULED, _S.DECIDED, _S.RETURNING, by="moderator", meaning="A decision; the money waits while it can be appealed."
)
_ENDS = {"give-in": _GIVE_IN, "bank": _BANK}

CASE_STEPS: dict[CaseState, dict[str, CaseStep]] = {
    _S.OPEN: {
        "answer": _to(_S.ANSWERED, by="the other side", meaning="The other view; talks begin."),
        "offer": _to(
            _S.OPEN, _S.ANSWERED, by="either side", meaning="Terms to settle by; the other side's are an answer."
        ),
        "accept": _ACCEPT,
        "escalate": _to(_S.ESCALATED, by="clock", meaning="Not answered in time; a moderator takes over."),
        "rule": _RULE,
        "withdraw": _WITHDRAW,
        **_ENDS,
    },
    _S.ANSWERED: {
        "offer": _OFFER,
        "accept": _ACCEPT,
        "decline": _to(_S.ANSWERED, by="who was made the offer", meaning="The turn goes back."),
        "ask": _to(
            _S.ANSWERED,
            _S.ESCALATED,
            by="either side",
            meaning="A moderator takes over once the other side asks too, or lets its three days pass.",
        ),
        "escalate": _to(
            _S.ESCALATED, by="clock", meaning="One has asked and the other's time is over, or all time is."
        ),
        "rule": _RULE,
        "withdraw": _WITHDRAW,
        **_ENDS,
    },
    _S.ESCALATED: {
        "offer": _to(_S.ESCALATED, by="either side", meaning="They may still agree before the decision."),
        "accept": _ACCEPT,
        "decline": _to(_S.ESCALATED, by="who was made the offer", meaning="The offer ends."),
        "rule": _RULE,
        "withdraw": _WITHDRAW,
        **_ENDS,
    },
    _S.RULED: {
        "consent": _to(
            _S.RULED, _S.DECIDED, _S.RETURNING, by="either side", meaning="Once both accept it is carried out at once."
        ),
        "appeal": _to(_S.APPEALED, by="either side", meaning="Once per case; another moderator decides, finally."),
        "carry-out": _to(_S.DECIDED, _S.RETURNING, by="clock", meaning="The time to appeal is over."),
        **_ENDS,
    },
    _S.APPEALED: {
        "offer": _to(_S.APPEALED, by="either side", meaning="They may still agree before the decision."),
        "accept": _ACCEPT,
        "decline": _to(_S.APPEALED, by="who was made the offer", meaning="The offer ends."),
        "rule": _to(_S.DECIDED, _S.RETURNING, by="another moderator", meaning="Final; carried out at once."),
        **_ENDS,
    },
    _S.RETURNING: {
        "send": _to(_S.RETURNING, by="the sender", meaning="The parcel left, with its number."),
        "receive": _to(_S.DECIDED, by="the receiver", meaning="It is here and right: the money moves."),
        "unclaimed": _to(_S.DECIDED, by="clock", meaning="The receiver was silent for too long after it left."),
        "unsent": _to(
            _S.DECIDED,
            by="clock",
            meaning="Not sent in time: not returned, the seller is paid; no replacement, a refund.",
        ),
        "contest": _to(
            _S.ESCALATED, by="the receiver", meaning="It did not come, or is not right; a moderator decides."
        ),
        **_ENDS,
    },
    _S.DECIDED: {},
    _S.WITHDRAWN: {},
}

CASE_ENDS = frozenset(CaseState) - frozenset(ACTIVE)


def may_follow(state: str, event: str) -> bool:
    """Whether the event has a place in this state."""
    return event in CASE_STEPS[CaseState(state)]
