"""What the trail, the ledger and the clock say, in a moderator's words."""

from __future__ import annotations

from django import template

register = template.Library()

_DONE = {
    "hold.create": "Ordered",
    "hold.pay": "The payment arrived and is held",
    "hold.cancel": "Cancelled",
    "hold.expire": "Not paid in time: cancelled",
    "hold.ship": "Shipped",
    "hold.deliver": "Delivered",
    "hold.release": "The money was released to the seller",
    "hold.refund": "The money went back to the buyer",
    "hold.split": "The money was split",
    "hold.dispute": "The clock of the trade stopped",
    "hold.withdraw": "The inspection began anew",
    "hold.freeze": "The buyer’s bank disputes the payment",
    "hold.charge-back": "The buyer’s bank took the money back",
    "hold.late": "Not shipped in time",
    "hold.ask": "Asked the buyer whether it arrived",
    "hold.claim": "The parcel can be claimed as lost",
    "hold.unanswered": "Not answered in time: a moderator’s turn",
    "hold.escalate": "Open for too long: to the top of the queue",
    "hold.check": "Stopped until somebody has looked",
    "hold.check-ended": "Somebody has looked",
    "dispute.open": "Opened the case",
    "dispute.answer": "Answered",
    "dispute.evidence": "Added evidence",
    "dispute.withdraw": "Withdrew the case",
    "dispute.offer": "Offered to settle",
    "dispute.accept": "Accepted the offer",
    "dispute.decline": "Declined the offer",
    "dispute.ask": "Asked for a moderator",
    "dispute.escalate": "Handed over to a moderator",
    "dispute.rule": "Decided; it can be appealed",
    "dispute.consent": "Accepted the decision",
    "dispute.appeal": "Appealed",
    "dispute.carry-out": "The decision stands",
    "dispute.send": "Sent the parcel of the case",
    "dispute.receive": "The parcel of the case arrived",
    "dispute.unclaimed": "The parcel counts as arrived",
    "dispute.unsent": "The parcel was not sent in time",
    "dispute.contest": "Contested the parcel",
    "dispute.decided": "Decided the case",
}
_DUE = {
    "expire": "cancelled when not paid by",
    "late": "the buyer may cancel from",
    "refund": "goes back to the buyer on",
    "release": "released to the seller on",
    "ask": "the buyer is asked on",
    "claim": "claimable as lost from",
    "unanswered": "a moderator’s turn from",
    "escalate": "overdue from",
}
_POSTED = {
    "fund": "Paid in",
    "released": "Released",
    "refunded": "Refunded",
    "split": "Split",
    "transfer": "Sent to the seller",
    "refund": "Sent back to the buyer",
    "return": "Sent back to the buyer",
    "refund-failed": "The refund failed",
    "unowed": "Paid twice",
    "chargeback": "Drawn by the bank",
    "charge-back": "Lost to the bank",
    "loss": "Lost",
}
_OURS = {
    "fees": "Our fees",
    "clearing": "With the payment processor",
    "processing": "The processor’s charges",
    "chargebacks": "Drawn by banks",
    "losses": "Losses",
    "bank": "Our bank account",
}


@register.filter
def told(action: str) -> str:
    """An entry of the audit trail in words: "hold.ship" is "Shipped"."""
    return _DONE.get(action, action.replace(".", " ").replace("-", " ").capitalize())


@register.filter
def clock(event: str) -> str:
    """What the clock does next, before its date: "escalate" is "overdue from"."""
    return _DUE.get(event, event)


@register.filter
def posting(kind: str) -> str:
    """A ledger transaction's kind in words."""
    return _POSTED.get(kind, kind.replace("-", " ").capitalize())


@register.filter
def account(code: str) -> str:
    """Whose money an account of the ledger is, seen from one sale."""
    owner, _, rest = code.partition(":")
    if owner == "hold":
        return "Held for this sale"
    if owner == "member":
        return "The buyer’s refunds" if rest.endswith(":refunds") else "The seller’s proceeds"
    return _OURS.get(rest, code)
