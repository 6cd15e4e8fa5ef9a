"""What the payment processor tells us and what can go wrong. No call is made here: that is the gateway package."""

from apps.escrow.processor.errors import GatewayError, InvalidSignature, PaymentDeclined, PaymentsNotConfigured
from apps.escrow.processor.records import (
    BalanceRow,
    Card,
    CardDispute,
    Checkout,
    Payment,
    Payout,
    Refund,
    Reversal,
    SellerAccount,
    Transfer,
    WebhookEvent,
)

__all__ = [
    "BalanceRow",
    "Card",
    "CardDispute",
    "Checkout",
    "GatewayError",
    "InvalidSignature",
    "Payment",
    "PaymentDeclined",
    "PaymentsNotConfigured",
    "Payout",
    "Refund",
    "Reversal",
    "SellerAccount",
    "Transfer",
    "WebhookEvent",
]
