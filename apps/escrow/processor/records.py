"""What the payment processor tells us, as plain records. Money in minor units, currencies in upper case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Checkout:
    """The processor's page for one payment. status: open, complete or expired. url: while open."""

    id: str
    url: str | None
    payment_intent_id: str | None
    status: str
    paid: bool


@dataclass(frozen=True, slots=True)
class Card:
    """A card that is kept for a customer; the number stays at the processor."""

    id: str
    customer_id: str | None
    brand: str
    last4: str
    exp_month: int
    exp_year: int


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment. status: requires_payment_method, requires_confirmation, requires_action, processing,
    requires_capture, succeeded or canceled. failure_code and failure_message: why the last attempt was declined.
    card: the fingerprint of the card that paid, the same for everybody who pays with it; empty where it is not told, and for
    the processor's public test cards.
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
    card: str = ""

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
    """A seller's account. Only `transfers_active` says that they can be paid; returning from the form does not.

    bank: the fingerprint of the bank account that it pays out to; empty before there is one.
    """

    id: str
    transfers_active: bool
    payouts_enabled: bool
    details_submitted: bool
    requirements_due: tuple[str, ...]
    disabled_reason: str | None
    requirements_past_due: tuple[str, ...] = ()
    requirements_pending: tuple[str, ...] = ()
    due_by: datetime | None = None
    country: str = ""
    bank: str = ""


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
    metadata: Mapping[str, str]


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
class Payout:
    """Money sent to a bank. status: pending, in_transit, paid, failed or canceled; failure: the bank's reason."""

    id: str
    status: str
    amount_minor: int
    currency: str
    arrives_at: datetime
    failure: str


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
