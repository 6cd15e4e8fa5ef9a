"""Everything that people, tasks and the processor do with held money. One function per thing; see each module."""

from apps.escrow.actions.chargebacks import record_chargeback
from apps.escrow.actions.checking import end_check
from apps.escrow.actions.deadlines import sweep_deadlines
from apps.escrow.actions.disputes import add_evidence, open_dispute, withdraw_dispute
from apps.escrow.actions.holds import (
    WrongState,
    cancel,
    create_hold,
    mark_delivered,
    mark_shipped,
    refund,
    release,
)
from apps.escrow.actions.led import cancel_led, create_led_hold, settle_led
from apps.escrow.actions.payments import (
    PaymentMismatch,
    close_abandoned,
    close_payment,
    refresh_payment,
    start_payment,
)
from apps.escrow.actions.proving import prove_books
from apps.escrow.actions.receivables import forgive, give_back_late
from apps.escrow.actions.sellers import refresh_seller_account, start_onboarding
from apps.escrow.actions.settlements import check_refund, retry_settlement, settle_due
from apps.escrow.actions.webhooks import fetch_missed, handle_webhooks, receive_webhook, release_webhook
from apps.escrow.cases.clock import sweep_cases
from apps.escrow.cases.parcels import contest_parcel, receive_parcel, send_parcel
from apps.escrow.cases.rulings import accept_ruling, appeal, decide_dispute
from apps.escrow.cases.talks import accept_offer, answer_dispute, ask_moderator, decline_offer, offer

__all__ = [
    "PaymentMismatch",
    "WrongState",
    "accept_offer",
    "accept_ruling",
    "add_evidence",
    "answer_dispute",
    "appeal",
    "ask_moderator",
    "cancel",
    "cancel_led",
    "check_refund",
    "close_abandoned",
    "close_payment",
    "contest_parcel",
    "create_hold",
    "create_led_hold",
    "decide_dispute",
    "decline_offer",
    "end_check",
    "fetch_missed",
    "forgive",
    "give_back_late",
    "handle_webhooks",
    "mark_delivered",
    "mark_shipped",
    "offer",
    "open_dispute",
    "prove_books",
    "receive_parcel",
    "receive_webhook",
    "record_chargeback",
    "refresh_payment",
    "refresh_seller_account",
    "refund",
    "release",
    "release_webhook",
    "retry_settlement",
    "send_parcel",
    "settle_due",
    "settle_led",
    "start_onboarding",
    "start_payment",
    "sweep_cases",
    "sweep_deadlines",
    "withdraw_dispute",
]
