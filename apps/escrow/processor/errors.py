"""What can go wrong with the payment processor."""

from __future__ import annotations

from apps.core.errors import DomainError


class GatewayError(DomainError):
    """The processor did not do it. `code` is its own word for why; `retryable`: the same call may succeed later."""

    status = 502

    def __init__(self, code: str, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable


class PaymentDeclined(GatewayError):
    """The card could not even be tried, e.g. its number is wrong. A declined attempt is a Payment with a failure."""

    status = 402


class PaymentsNotConfigured(GatewayError):
    """A setting is missing or dangerous; the sentence says which."""

    status = 503

    def __init__(self, message: str) -> None:
        super().__init__("PAYMENTS_NOT_CONFIGURED", message)


class InvalidSignature(DomainError):
    """A webhook that is not the processor's, or an old one sent again."""

    code, status, message = "INVALID_SIGNATURE", 400, "The signature of this message is not valid."
