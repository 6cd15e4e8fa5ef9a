"""Failures in the shape in which Stripe reports them. No rule lives here."""

from __future__ import annotations

from typing import Any

DOCS = "https://docs.stripe.com/error-codes#"


class ApiError(Exception):
    """An answer other than success: HTTP status, Stripe's error type, code, sentence and the parameter at fault.

    keeps_changes: what was written before the failure stays written (a declined charge is a fact, not a mistake).
    began: the endpoint had started to work, so that the answer is stored under the idempotency key.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        decline_code: str | None = None,
        keeps_changes: bool = False,
        began: bool = True,
        **extra: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.code = code
        self.param = param
        self.decline_code = decline_code
        self.keeps_changes = keeps_changes
        self.began = began
        self.message = message
        self.extra = extra

    def fields(self) -> dict[str, Any]:
        """The `error` object of the answer, also used for `last_payment_error`."""
        fields: dict[str, Any] = {"type": self.kind, "message": self.message}
        if self.code:
            fields |= {"code": self.code, "doc_url": DOCS + self.code.replace("_", "-")}
        if self.decline_code:
            fields["decline_code"] = self.decline_code
        if self.param:
            fields["param"] = self.param
        return fields | self.extra


def missing_object(kind: str, identifier: str, *, param: str | None = None) -> ApiError:
    """404 for an object named in the path, 400 for one named in a parameter."""
    return ApiError(
        f"No such {kind}: '{identifier}'",
        status=404 if param in (None, "id", "intent") else 400,
        code="resource_missing",
        param=param or "id",
    )


def wrong_parameter(message: str, param: str, code: str | None = None) -> ApiError:
    """A request that never started: it is not remembered under its idempotency key."""
    return ApiError(message, code=code, param=param, began=False)
