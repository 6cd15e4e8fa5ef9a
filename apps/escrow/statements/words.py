"""What a posting means to the member whose statement it stands in, in words. No database here."""

from __future__ import annotations

POCKETS = {
    "available": "Your proceeds, not paid out yet",
    "sales": "Held for your sales",
    "purchases": "Held for your purchases",
    "refunds": "On its way back to you",
    "held": "Left as security",
    "receivable": "Owed to us",
}

_SAID = {
    ("fund", "purchases"): "You paid; held until you are content",
    ("fund", "sales"): "The buyer paid; held until the buyer is content",
    ("released", "purchases"): "Released to the seller",
    ("released", "sales"): "Released",
    ("released", "available"): "Proceeds after our fee",
    ("refunded", "purchases"): "Given back to you",
    ("refunded", "sales"): "Given back to the buyer",
    ("refunded", "refunds"): "To be sent back to you",
    ("split", "purchases"): "Divided between you and the seller",
    ("split", "sales"): "Divided between you and the buyer",
    ("split", "available"): "Your part after our fee",
    ("split", "refunds"): "Your part, to be sent back to you",
    ("transfer", "available"): "Sent to your payout account",
    ("refund", "refunds"): "Sent back to you",
    ("return", "refunds"): "Sent back to you",
    ("refund-failed", "refunds"): "Your bank did not take it; it is tried again",
    ("unowed", "refunds"): "Paid twice or too late; to be sent back to you",
    ("goodwill", "receivable"): "You gave money back after you were paid",
    ("goodwill", "refunds"): "The seller gave money back; to be sent to you",
    ("reversal", "receivable"): "Taken back from your payout account",
    ("set-off", "available"): "Kept for what you owed",
    ("set-off", "receivable"): "Kept from your proceeds",
    ("owed", "receivable"): "The buyer's bank took a payment back after you were paid",
    ("forgiven", "receivable"): "We let you off",
    ("charge-back", "purchases"): "Taken back by your bank",
    ("charge-back", "sales"): "Taken back by the buyer's bank",
}


def said(kind: str, pocket: str) -> str:
    """A posting of this kind, as it shows in this pocket; a kind that has no words yet by its own name."""
    return _SAID.get((kind, pocket)) or kind.replace("-", " ").capitalize()
