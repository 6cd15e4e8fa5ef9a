"""Writes to trades: one function per thing that the two of a sale do; see each module. The money itself is escrow's.

Locks are taken in one order: trade, hold, account by id, listing, item by id.
"""

from apps.trades.actions.buying import SellerLimit, buy, buy_agreed, check_seller_limit, goods_in_words, pay
from apps.trades.actions.cases import add_evidence, answer_dispute, open_dispute, withdraw_dispute
from apps.trades.actions.closing import close
from apps.trades.actions.shipping import cancel, confirm_delivery, give_back, give_back_late, release, ship
from apps.trades.actions.talking import note, review, say

__all__ = [
    "SellerLimit",
    "add_evidence",
    "answer_dispute",
    "buy",
    "buy_agreed",
    "cancel",
    "check_seller_limit",
    "close",
    "confirm_delivery",
    "give_back",
    "give_back_late",
    "goods_in_words",
    "note",
    "open_dispute",
    "pay",
    "release",
    "review",
    "say",
    "ship",
    "withdraw_dispute",
]
