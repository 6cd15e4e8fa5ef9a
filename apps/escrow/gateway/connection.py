"""The connection to the payment processor: keys, addresses, the pinned version, and the library's errors as ours."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

import requests
import stripe
from django.conf import settings

from apps.escrow.processor import GatewayError, PaymentDeclined, PaymentsNotConfigured
from apps.escrow.processor.reading import decline_code_of, field_of

STRIPE_ADDRESS = "https://api.stripe.com"
STRIPE_FILES_ADDRESS = "https://files.stripe.com"
# What our code was written against and the webhook endpoint is to be registered with; the library must bring the same.
API_VERSION = "2026-10-28.endive"
TIMEOUT_SECONDS = (5, 25)  # to connect, to read
NETWORK_RETRIES = 2  # by the library, with the same key
LIVE_PREFIXES = ("sk_live_", "rk_live_")

# The library would otherwise write an id into the home folder and report how long calls took.
stripe.enable_telemetry = False


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
    if stripe.api_version != API_VERSION:
        return (
            f"The installed stripe package speaks version {stripe.api_version}; payments are written for {API_VERSION}."
            " Install the locked packages."
        )
    if base and urlsplit(base).scheme not in ("http", "https"):
        return "STRIPE_API_BASE must be an address such as http://127.0.0.1:12111, or empty for Stripe itself."
    return None


def client() -> stripe.StripeClient:
    """The library's client for the account that the settings name. Raises PaymentsNotConfigured."""
    problem = configuration_problem()
    if problem:
        raise PaymentsNotConfigured(problem)
    key = settings.STRIPE_SECRET_KEY
    base = getattr(settings, "STRIPE_API_BASE", "").rstrip("/") or STRIPE_ADDRESS
    with _lock:
        found = _clients.get((key, base))
        if found is None:
            files = STRIPE_FILES_ADDRESS if base == STRIPE_ADDRESS else base
            found = _clients[key, base] = stripe.StripeClient(
                key,
                stripe_version=API_VERSION,
                base_addresses={"api": base, "files": files},
                http_client=_http_client or _network(base),
                max_network_retries=NETWORK_RETRIES,
            )
        return found


def _network(base: str) -> stripe.HTTPClient:
    session = None
    if urlsplit(base).hostname in ("127.0.0.1", "localhost", "::1"):
        session = requests.Session()
        session.trust_env = False  # a proxy of this machine's could not reach the sandbox
    return stripe.RequestsClient(timeout=TIMEOUT_SECONDS, session=session)


P = ParamSpec("P")
R = TypeVar("R")


def translated(call: Callable[P, R]) -> Callable[P, R]:
    """Turn the library's exceptions into ours."""

    @wraps(call)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return call(*args, **kwargs)
        except stripe.StripeError as error:
            raise our_error(error) from error

    return guarded


def our_error(error: stripe.StripeError) -> GatewayError:
    """The library's exception as one of ours, with a sentence that people can read."""
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


def keyed(key: str) -> stripe.RequestOptions:
    """The options of a call that changes something. Raises ValueError without a key."""
    if not key:
        raise ValueError("an idempotency key must name the row that causes the call")
    return {"idempotency_key": key}
