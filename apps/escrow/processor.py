"""What the payment processor tells us, as plain records, how they are read, and what can go wrong.

No call is made here: that is gateway.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Checkout:
    """The processor's page for one payment. status: open, complete or expired. url: while open."""

    id: str
    url: str | None
    payment_intent_id: str | None
    status: str
    paid: bool


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment. status: requires_payment_method, requires_confirmation, requires_action, processing,
    requires_capture, succeeded or canceled. failure_code and failure_message: why the last attempt was declined.
    """

    id: str
    status: str
    amount_minor: int
    amount_received_minor: int
    currency: str
    charge_id: str | None
    client_secret: str | None
    next_action_url: str | None
    failure_code: str | None
    failure_message: str | None
    metadata: Mapping[str, str]

    @property
    def is_paid(self) -> bool:
        """The money has arrived at the processor."""
        return self.status == "succeeded"

    @property
    def is_declined(self) -> bool:
        """The last attempt failed; another card may be tried."""
        return self.status == "requires_payment_method" and self.failure_code is not None


@dataclass(frozen=True, slots=True)
class Refund:
    """Money back to a card. status: pending, requires_action, succeeded, failed or canceled."""

    id: str
    status: str
    amount_minor: int
    payment_id: str | None
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SellerAccount:
    """A seller's account. Only `transfers_active` says that they can be paid; returning from the form does not."""

    id: str
    transfers_active: bool
    payouts_enabled: bool
    details_submitted: bool
    requirements_due: tuple[str, ...]
    disabled_reason: str | None


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money passed on to a seller; `reversed_minor` of it has come back."""

    id: str
    amount_minor: int
    reversed_minor: int
    currency: str
    destination: str
    charge_id: str | None
    transfer_group: str | None
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reversal:
    """Money taken back from a seller."""

    id: str
    amount_minor: int
    transfer_id: str


@dataclass(frozen=True, slots=True)
class CardDispute:
    """The payer's bank takes a payment back. status: needs_response, under_review, won, lost, or warning_… (no money
    moved yet). withdrawn_minor: what left our balance for it, fee_minor: the processor's fee for that.
    """

    id: str
    status: str
    amount_minor: int
    withdrawn_minor: int
    fee_minor: int
    currency: str
    reason: str
    charge_id: str
    payment_id: str | None
    evidence_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """One movement of our balance at the processor; net = amount - fee."""

    id: str
    kind: str
    category: str
    amount_minor: int
    fee_minor: int
    net_minor: int
    currency: str
    source_id: str | None
    status: str
    created_at: datetime
    available_at: datetime


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """A message whose signature is right. Messages repeat and overtake each other: fetch the object, act on that."""

    id: str
    type: str
    object_id: str
    object_type: str
    created_at: datetime
    account: str | None
    api_version: str | None
    raw: dict[str, Any]


# -- reading the library's objects -------------------------------------------------
def decline_code_of(error: Any) -> str | None:
    """The bank's reason where there is one, else the processor's."""
    return field_of(error, "decline_code") or field_of(error, "code")


def field_of(thing: Any, name: str) -> Any:
    """A field that may be absent: the library's objects raise where a dict would give None."""
    return getattr(thing, name, None) if thing is not None else None


def id_of(thing: Any) -> str | None:
    """The id behind a field that holds an id or, expanded, the object."""
    return thing if thing is None or isinstance(thing, str) else thing.id


def texts_of(metadata: Any) -> dict[str, str]:
    """Metadata as a dict of our own."""
    return dict(metadata.to_dict()) if metadata is not None else {}


def moment_of(seconds: int) -> datetime:
    """Seconds since 1970 as an instant."""
    return datetime.fromtimestamp(seconds, UTC)


def checkout_of(session: Any) -> Checkout:
    """Read a checkout session."""
    return Checkout(
        id=session.id,
        url=session.url,
        payment_intent_id=id_of(session.payment_intent),
        status=session.status or "open",
        paid=session.payment_status == "paid",
    )


def payment_of(intent: Any) -> Payment:
    """Read a payment intent."""
    action, failure = field_of(intent, "next_action"), field_of(intent, "last_payment_error")
    redirect = field_of(action, "redirect_to_url")
    return Payment(
        id=intent.id,
        status=intent.status,
        amount_minor=intent.amount,
        amount_received_minor=intent.amount_received,
        currency=intent.currency.upper(),
        charge_id=id_of(intent.latest_charge),
        client_secret=intent.client_secret,
        next_action_url=field_of(redirect, "url"),
        failure_code=decline_code_of(failure),
        failure_message=field_of(failure, "message"),
        metadata=texts_of(intent.metadata),
    )


def refund_of(refund: Any) -> Refund:
    """Read a refund."""
    return Refund(
        id=refund.id,
        status=refund.status or "pending",
        amount_minor=refund.amount,
        payment_id=id_of(refund.payment_intent),
        metadata=texts_of(refund.metadata),
    )


def seller_of(account: Any) -> SellerAccount:
    """Read a connected account."""
    needs = field_of(account, "requirements")
    return SellerAccount(
        id=account.id,
        transfers_active=field_of(field_of(account, "capabilities"), "transfers") == "active",
        payouts_enabled=bool(field_of(account, "payouts_enabled")),
        details_submitted=bool(field_of(account, "details_submitted")),
        requirements_due=tuple(field_of(needs, "currently_due") or ()),
        disabled_reason=field_of(needs, "disabled_reason"),
    )


def transfer_of(transfer: Any) -> Transfer:
    """Read a transfer."""
    return Transfer(
        id=transfer.id,
        amount_minor=transfer.amount,
        reversed_minor=transfer.amount_reversed,
        currency=transfer.currency.upper(),
        destination=id_of(transfer.destination) or "",
        charge_id=id_of(transfer.source_transaction),
        transfer_group=transfer.transfer_group,
        metadata=texts_of(transfer.metadata),
    )


def dispute_of(found: Any) -> CardDispute:
    """Read a dispute with its movements of money."""
    movements = found.balance_transactions
    due_by = field_of(found.evidence_details, "due_by")
    return CardDispute(
        id=found.id,
        status=found.status,
        amount_minor=found.amount,
        withdrawn_minor=-sum(movement.amount for movement in movements),
        fee_minor=sum(movement.fee for movement in movements),
        currency=found.currency.upper(),
        reason=found.reason,
        charge_id=id_of(found.charge) or "",
        payment_id=id_of(found.payment_intent),
        evidence_due_at=moment_of(due_by) if due_by else None,
    )


def movement_of(movement: Any) -> BalanceRow:
    """Read a balance transaction."""
    return BalanceRow(
        id=movement.id,
        kind=movement.type,
        category=movement.reporting_category,
        amount_minor=movement.amount,
        fee_minor=movement.fee,
        net_minor=movement.net,
        currency=movement.currency.upper(),
        source_id=id_of(movement.source),
        status=movement.status,
        created_at=moment_of(movement.created),
        available_at=moment_of(movement.available_on),
    )


def event_of(payload: bytes) -> WebhookEvent:
    """Read a webhook's message, whose signature is known to be right. Raises InvalidSignature when it is no event."""
    try:
        raw = json.loads(payload)
        about = raw["data"]["object"]
        return WebhookEvent(
            id=raw["id"],
            type=raw["type"],
            object_id=about.get("id") or "",
            object_type=about["object"],
            created_at=moment_of(raw["created"]),
            account=raw.get("account"),
            api_version=raw.get("api_version"),
            raw=raw,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidSignature("The message is signed but is not an event.") from error
