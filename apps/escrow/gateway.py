"""The one door to the payment processor: small typed calls over `stripe.StripeClient`. No rule of ours lives here.

Every call that changes something takes an `idempotency_key` that the caller derives from the row that causes it. The
processor answers the same key with the same answer for 24 hours, refusals included: a new attempt needs a new key.
Money is in minor units, currencies are upper case on our side.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

import requests
import stripe
from django.conf import settings

from apps.escrow.processor import (
    BalanceRow,
    CardDispute,
    Checkout,
    GatewayError,
    InvalidSignature,
    Payment,
    PaymentDeclined,
    PaymentsNotConfigured,
    Refund,
    Reversal,
    SellerAccount,
    Transfer,
    WebhookEvent,
    checkout_of,
    decline_code_of,
    dispute_of,
    event_of,
    field_of,
    id_of,
    movement_of,
    payment_of,
    refund_of,
    seller_of,
    transfer_of,
)

__all__ = [
    "BalanceRow",
    "CardDispute",
    "Checkout",
    "GatewayError",
    "InvalidSignature",
    "Payment",
    "PaymentDeclined",
    "PaymentsNotConfigured",
    "Refund",
    "Reversal",
    "SellerAccount",
    "Transfer",
    "WebhookEvent",
]

STRIPE_ADDRESS = "https://api.stripe.com"
TIMEOUT_SECONDS = (5, 25)  # to connect, to read
NETWORK_RETRIES = 2  # by the library, with the same key
REPLAY_WINDOW_SECONDS = 300
LIVE_PREFIXES = ("sk_live_", "rk_live_")
SHORTEST_CHECKOUT = timedelta(minutes=30)
LONGEST_CHECKOUT = timedelta(hours=24)

# The library would otherwise write an id into the home folder and report how long calls took.
stripe.enable_telemetry = False


# -- the connection ------------------------------------------------------------
_lock = threading.Lock()
_clients: dict[tuple[str, str], stripe.StripeClient] = {}
_http_client: stripe.HTTPClient | None = None


def use_http_client(client: stripe.HTTPClient | None) -> stripe.HTTPClient | None:
    """Let calls go through another transport, such as the sandbox in the same process; None: the network again.

    Returns the one used before.
    """
    global _http_client
    with _lock:
        before, _http_client = _http_client, client
        _clients.clear()
    return before


def configuration_problem() -> str | None:
    """What must be set before payments can work, as a sentence; None when all is well. Asks nobody."""
    key = getattr(settings, "STRIPE_SECRET_KEY", "")
    base = getattr(settings, "STRIPE_API_BASE", "").rstrip("/")
    if not key:
        return "Payments are off: set STRIPE_SECRET_KEY to the secret key of a Stripe account (sk_test_… or sk_live_…)."
    if base and key.startswith(LIVE_PREFIXES) and base != STRIPE_ADDRESS:
        return (
            f"STRIPE_API_BASE is {urlsplit(base).netloc or base}, which is not Stripe: a live key is never sent there."
        )
    if base and urlsplit(base).scheme not in ("http", "https"):
        return "STRIPE_API_BASE must be an address such as http://127.0.0.1:12111, or empty for Stripe itself."
    return None


def _client() -> stripe.StripeClient:
    problem = configuration_problem()
    if problem:
        raise PaymentsNotConfigured(problem)
    key = settings.STRIPE_SECRET_KEY
    base = getattr(settings, "STRIPE_API_BASE", "").rstrip("/") or STRIPE_ADDRESS
    with _lock:
        client = _clients.get((key, base))
        if client is None:
            client = _clients[key, base] = stripe.StripeClient(
                key,
                base_addresses={"api": base},
                http_client=_http_client or _network(base),
                max_network_retries=NETWORK_RETRIES,
            )
        return client


def _network(base: str) -> stripe.HTTPClient:
    session = None
    if urlsplit(base).hostname in ("127.0.0.1", "localhost", "::1"):
        session = requests.Session()
        session.trust_env = False  # a proxy of this machine's could not reach the sandbox
    return stripe.RequestsClient(timeout=TIMEOUT_SECONDS, session=session)


P = ParamSpec("P")
R = TypeVar("R")


def _translated(call: Callable[P, R]) -> Callable[P, R]:
    """Turn the library's exceptions into ours."""

    @wraps(call)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return call(*args, **kwargs)
        except stripe.StripeError as error:
            raise _our_error(error) from error

    return guarded


def _our_error(error: stripe.StripeError) -> GatewayError:
    # For some kinds of failure the library leaves its own `code` empty.
    code = error.code or field_of(error.error, "code") or field_of(error.error, "type") or type(error).__name__
    said = error.user_message or "no reason was given"
    if isinstance(error, stripe.CardError):
        return PaymentDeclined(decline_code_of(error.error) or code, said)
    if isinstance(error, stripe.APIConnectionError):
        return GatewayError(
            "unreachable", "The payment processor cannot be reached just now. Try again.", retryable=True
        )
    if isinstance(error, stripe.RateLimitError) or error.http_status == 409:
        return GatewayError(code, "The payment processor is busy. Try again in a moment.", retryable=True)
    if isinstance(error, stripe.AuthenticationError):
        return GatewayError("authentication", "The payment processor does not accept our key: check STRIPE_SECRET_KEY.")
    if (error.http_status or 0) >= 500:
        return GatewayError(code, "The payment processor has a problem of its own. Try again.", retryable=True)
    return GatewayError(code, f"The payment processor refused: {said}")


def _with(key: str) -> stripe.RequestOptions:
    if not key:
        raise ValueError("an idempotency key must name the row that causes the call")
    return {"idempotency_key": key}


# -- paying ----------------------------------------------------------------------
def checkout_expiry(expires_at: datetime, *, now: datetime | None = None) -> int | None:
    """When the processor is to close its page: seconds since 1970, or None for its longest, 24 hours.

    It accepts 30 minutes to 24 hours from now. A nearer deadline is moved to the next full hour that is far enough
    away, so that a repeated call says the same; the caller closes the page at the true deadline.
    """
    now = now or datetime.now(UTC)
    if expires_at >= now + LONGEST_CHECKOUT:
        return None
    if expires_at >= now + SHORTEST_CHECKOUT + timedelta(minutes=1):
        return int(expires_at.timestamp())
    soonest = int((now + SHORTEST_CHECKOUT + timedelta(minutes=1)).timestamp())
    return -(-soonest // 3600) * 3600


@_translated
def create_checkout(
    *,
    hold_id: str,
    amount_minor: int,
    currency: str,
    description: str,
    success_url: str,
    cancel_url: str,
    transfer_group: str,
    customer_email: str,
    expires_at: datetime,
    idempotency_key: str,
) -> Checkout:
    """A page at the processor on which a hold can be paid. `success_url` may contain {CHECKOUT_SESSION_ID}.

    The payment's metadata carries `hold_id`. Raises GatewayError.
    """
    price = {"currency": currency.lower(), "unit_amount": amount_minor, "product_data": {"name": description[:250]}}
    params: Any = {
        "mode": "payment",
        "line_items": [{"price_data": price, "quantity": 1}],
        "payment_intent_data": {
            "description": description[:500],
            "metadata": {"hold_id": str(hold_id)},
            "transfer_group": transfer_group,
        },
        "client_reference_id": str(hold_id),
        "metadata": {"hold_id": str(hold_id)},
        "success_url": success_url,
        "cancel_url": cancel_url,
    }
    if customer_email:
        params["customer_email"] = customer_email
    if (expiry := checkout_expiry(expires_at)) is not None:
        params["expires_at"] = expiry
    return checkout_of(_client().v1.checkout.sessions.create(params, _with(idempotency_key)))


@_translated
def retrieve_checkout(checkout_id: str) -> Checkout:
    """A page as it stands."""
    return checkout_of(_client().v1.checkout.sessions.retrieve(checkout_id))


@_translated
def expire_checkout(checkout_id: str) -> Checkout:
    """Close a page. One that is already closed or paid is left as it is: look at the status."""
    sessions = _client().v1.checkout.sessions
    try:
        return checkout_of(sessions.expire(checkout_id))
    except stripe.InvalidRequestError:
        session = sessions.retrieve(checkout_id)
        if session.status == "open":
            raise
        return checkout_of(session)


@_translated
def create_payment(
    *,
    hold_id: str,
    amount_minor: int,
    currency: str,
    payment_method: str,
    description: str,
    transfer_group: str,
    return_url: str,
    idempotency_key: str,
) -> Payment:
    """Create and confirm a payment with a payment method that the payer's browser or client has made.

    A decline is returned as a Payment with `failure_code` and `failure_message`, since the attempt exists; 3-D Secure
    as status requires_action with `next_action_url`. Raises PaymentDeclined when the card cannot be tried at all, and
    GatewayError.
    """
    params: Any = {
        "amount": amount_minor,
        "currency": currency.lower(),
        "payment_method": payment_method,
        "payment_method_types": ["card"],
        "description": description[:500],
        "metadata": {"hold_id": str(hold_id)},
        "transfer_group": transfer_group,
        "confirm": True,
    }
    if return_url:
        params["return_url"] = return_url
    try:
        return payment_of(_client().v1.payment_intents.create(params, _with(idempotency_key)))
    except stripe.CardError as error:
        intent = field_of(error.error, "payment_intent")
        if intent is None:
            raise
        return payment_of(intent)


@_translated
def retrieve_payment(payment_id: str) -> Payment:
    """A payment as it stands."""
    return payment_of(_client().v1.payment_intents.retrieve(payment_id))


@_translated
def cancel_payment(payment_id: str, idempotency_key: str) -> Payment:
    """Cancel a payment that has not been made. One already cancelled is returned as it is.

    Raises GatewayError with code payment_intent_unexpected_state when it was paid in the meantime.
    """
    intents = _client().v1.payment_intents
    try:
        return payment_of(intents.cancel(payment_id, {"cancellation_reason": "abandoned"}, _with(idempotency_key)))
    except stripe.InvalidRequestError:
        intent = intents.retrieve(payment_id)
        if intent.status != "canceled":
            raise
        return payment_of(intent)


@_translated
def refund(
    *, payment_id: str, amount_minor: int, reason: str, metadata: Mapping[str, str], idempotency_key: str
) -> Refund:
    """Give back a payment or part of it. reason: duplicate, fraudulent, requested_by_customer or "".

    Raises GatewayError, e.g. charge_already_refunded or charge_disputed.
    """
    params: Any = {"payment_intent": payment_id, "amount": amount_minor, "metadata": dict(metadata)}
    if reason:
        params["reason"] = reason
    return refund_of(_client().v1.refunds.create(params, _with(idempotency_key)))


@_translated
def retrieve_refund(refund_id: str) -> Refund:
    """A refund as it stands; one that has succeeded may still fail at the bank."""
    return refund_of(_client().v1.refunds.retrieve(refund_id))


@_translated
def list_refunds(payment_id: str) -> tuple[Refund, ...]:
    """Every refund of a payment, newest first."""
    page = _client().v1.refunds.list({"payment_intent": payment_id, "limit": 100})
    return tuple(refund_of(found) for found in page.auto_paging_iter())


# -- sellers -----------------------------------------------------------------------
@_translated
def create_seller_account(*, email: str, country: str, member_id: str, idempotency_key: str) -> SellerAccount:
    """An Express account that asks for transfers. The seller completes it on the processor's own form."""
    params: Any = {
        "type": "express",
        "country": country.upper(),
        "email": email,
        "business_type": "individual",
        "capabilities": {"transfers": {"requested": True}},
        "metadata": {"member_id": str(member_id)},
    }
    return seller_of(_client().v1.accounts.create(params, _with(idempotency_key)))


@_translated
def retrieve_seller_account(account_id: str) -> SellerAccount:
    """An account as it stands."""
    return seller_of(_client().v1.accounts.retrieve(account_id))


@_translated
def onboarding_link(account_id: str, refresh_url: str, return_url: str) -> str:
    """A one-time address of the processor's form. `refresh_url`: where to go when it has expired."""
    link = _client().v1.account_links.create(
        {"account": account_id, "refresh_url": refresh_url, "return_url": return_url, "type": "account_onboarding"}
    )
    return link.url


@_translated
def dashboard_link(account_id: str) -> str:
    """A one-time address of the seller's own pages at the processor. Raises GatewayError before onboarding."""
    return _client().v1.accounts.login_links.create(account_id).url


@_translated
def transfer(
    *,
    hold_id: str,
    account_id: str,
    amount_minor: int,
    currency: str,
    charge_id: str,
    transfer_group: str,
    idempotency_key: str,
) -> Transfer:
    """Pass on part of a charge to a seller; accepted before the charge has settled.

    Raises GatewayError: insufficient_capabilities_for_transfer when the seller cannot be paid yet, balance_insufficient
    when the charge has less left. Both stay so for this key: use another for the next attempt.
    """
    params: Any = {
        "amount": amount_minor,
        "currency": currency.lower(),
        "destination": account_id,
        "source_transaction": charge_id,
        "transfer_group": transfer_group,
        "metadata": {"hold_id": str(hold_id)},
    }
    return transfer_of(_client().v1.transfers.create(params, _with(idempotency_key)))


@_translated
def retrieve_transfer(transfer_id: str) -> Transfer:
    """A transfer as it stands."""
    return transfer_of(_client().v1.transfers.retrieve(transfer_id))


@_translated
def list_transfers(transfer_group: str) -> tuple[Transfer, ...]:
    """Every transfer of a group, newest first."""
    page = _client().v1.transfers.list({"transfer_group": transfer_group, "limit": 100})
    return tuple(transfer_of(found) for found in page.auto_paging_iter())


@_translated
def reverse_transfer(*, transfer_id: str, amount_minor: int, idempotency_key: str) -> Reversal:
    """Take money back from a seller. Raises GatewayError with balance_insufficient when it has been paid out."""
    reversal = _client().v1.transfers.reversals.create(transfer_id, {"amount": amount_minor}, _with(idempotency_key))
    return Reversal(id=reversal.id, amount_minor=reversal.amount, transfer_id=id_of(reversal.transfer) or transfer_id)


# -- banks' disputes -----------------------------------------------------------------
@_translated
def retrieve_dispute(dispute_id: str) -> CardDispute:
    """A bank's dispute as it stands."""
    return dispute_of(_client().v1.disputes.retrieve(dispute_id))


@_translated
def answer_dispute(*, dispute_id: str, evidence: Mapping[str, str], idempotency_key: str) -> CardDispute:
    """Send our evidence to the bank, once and for all. evidence: Stripe's names, e.g. shipping_tracking_number."""
    params: Any = {"evidence": dict(evidence), "submit": True}
    return dispute_of(_client().v1.disputes.update(dispute_id, params, _with(idempotency_key)))


# -- reconciliation --------------------------------------------------------------------
def balance_transactions(created_after: datetime) -> Iterator[BalanceRow]:
    """Every movement of our balance since a moment, newest first, fetched by hundreds. Raises GatewayError."""
    try:
        page = _client().v1.balance_transactions.list(
            {"created": {"gte": int(created_after.timestamp())}, "limit": 100}
        )
        for movement in page.auto_paging_iter():
            yield movement_of(movement)
    except stripe.StripeError as error:
        raise _our_error(error) from error


# -- webhooks ----------------------------------------------------------------------------
def parse_webhook(payload: bytes, signature: str) -> WebhookEvent:
    """The message in a webhook, once its signature and age (at most five minutes) are right.

    STRIPE_WEBHOOK_SECRET may name several secrets, separated by commas: two endpoints, or an old and a new secret.
    Raises InvalidSignature; PaymentsNotConfigured without a secret.
    """
    secrets = [part.strip() for part in getattr(settings, "STRIPE_WEBHOOK_SECRET", "").split(",") if part.strip()]
    if not secrets:
        raise PaymentsNotConfigured(
            "Set STRIPE_WEBHOOK_SECRET to the signing secret of the webhook endpoint (whsec_…)."
        )
    if not any(_is_signed(payload, signature, secret) for secret in secrets):
        raise InvalidSignature
    return event_of(payload)


def _is_signed(payload: bytes, signature: str, secret: str) -> bool:
    try:
        return bool(stripe.WebhookSignature.verify_header(payload, signature, secret, REPLAY_WINDOW_SECONDS))
    except (stripe.SignatureVerificationError, UnicodeDecodeError):
        return False
