"""The one door to the payment processor: small typed calls over `stripe.StripeClient`, a module for each of its objects.

No rule of ours lives here, and nothing outside this package imports `stripe`. Every call that changes something takes an
`idempotency_key` that the caller derives from the row that causes it. The processor answers the same key with the same
answer for 24 hours, refusals included: a new attempt needs a new key. Money is in minor units, currencies are upper case
on our side.
"""

from apps.escrow.gateway.balance import balance_transactions
from apps.escrow.gateway.cards import create_customer, create_setup, detach_card, list_cards
from apps.escrow.gateway.checkout import checkout_expiry, create_checkout, expire_checkout, retrieve_checkout
from apps.escrow.gateway.connection import API_VERSION, STRIPE_ADDRESS, configuration_problem, use_http_client
from apps.escrow.gateway.disputes import answer_dispute, retrieve_dispute, upload_evidence
from apps.escrow.gateway.payments import cancel_payment, create_payment, retrieve_payment
from apps.escrow.gateway.payouts import retrieve_payout
from apps.escrow.gateway.refunds import list_refunds, refund, retrieve_refund
from apps.escrow.gateway.sellers import create_seller_account, dashboard_link, onboarding_link, retrieve_seller_account
from apps.escrow.gateway.transfers import list_reversals, list_transfers, retrieve_transfer, reverse_transfer, transfer
from apps.escrow.gateway.webhooks import list_events, parse_webhook
from apps.escrow.processor import (
    BalanceRow,
    Card,
    CardDispute,
    Checkout,
    GatewayError,
    InvalidSignature,
    Payment,
    PaymentDeclined,
    PaymentsNotConfigured,
    Payout,
    Refund,
    Reversal,
    SellerAccount,
    Transfer,
    WebhookEvent,
)

__all__ = [
    "API_VERSION",
    "STRIPE_ADDRESS",
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
    "answer_dispute",
    "balance_transactions",
    "cancel_payment",
    "checkout_expiry",
    "configuration_problem",
    "create_checkout",
    "create_customer",
    "create_payment",
    "create_seller_account",
    "create_setup",
    "dashboard_link",
    "detach_card",
    "expire_checkout",
    "list_cards",
    "list_events",
    "list_refunds",
    "list_reversals",
    "list_transfers",
    "onboarding_link",
    "parse_webhook",
    "refund",
    "retrieve_checkout",
    "retrieve_dispute",
    "retrieve_payment",
    "retrieve_payout",
    "retrieve_refund",
    "retrieve_seller_account",
    "retrieve_transfer",
    "reverse_transfer",
    "transfer",
    "upload_evidence",
    "use_http_client",
]
