"""The facts that escrow states. `cause` is what the hold is for (e.g. `trade:<id>`); amounts are minor units."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from apps.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class HoldFact(Event):
    """What every fact about a hold carries. `by` is the member who caused it, None for the clock or the processor."""

    topic: ClassVar[str] = "hold"
    hold_id: UUID
    cause: str
    at: dt.datetime
    by: UUID | None = None

    @property
    def aggregate(self) -> str:
        """Facts of one hold arrive in order."""
        return f"hold:{self.hold_id}"


@dataclass(frozen=True, kw_only=True)
class HoldFunded(HoldFact):
    """The payment arrived."""

    topic = "hold.funded"
    payment_id: UUID
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class HoldShipped(HoldFact):
    """The parcel is on its way."""

    topic = "hold.shipped"


@dataclass(frozen=True, kw_only=True)
class HoldDelivered(HoldFact):
    """The parcel arrived (or a dispute about it was withdrawn); the inspection runs until `inspect_until`."""

    topic = "hold.delivered"
    inspect_until: dt.datetime | None = None


@dataclass(frozen=True, kw_only=True)
class HoldReleased(HoldFact):
    """The money belongs to the seller now."""

    topic = "hold.released"
    seller_minor: int
    fee_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class HoldRefunded(HoldFact):
    """The whole amount belongs to the buyer again."""

    topic = "hold.refunded"
    amount_minor: int
    currency: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class HoldSplit(HoldFact):
    """A part went back to the buyer, the rest to the seller."""

    topic = "hold.split"
    refund_minor: int
    seller_minor: int
    fee_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class HoldCancelled(HoldFact):
    """It was called off, or never paid, before any money was held."""

    topic = "hold.cancelled"
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class HoldDisputed(HoldFact):
    """The buyer (or the buyer's bank) objects."""

    topic = "hold.disputed"
    dispute_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class HoldOverdue(HoldFact):
    """A deadline passed that closes nothing by itself: `event` is late, ask, claim, unanswered or escalate."""

    topic = "hold.overdue"
    event: str


@dataclass(frozen=True, kw_only=True)
class DisputeAnswered(HoldFact):
    """The other side gave its view."""

    topic = "dispute.answered"
    dispute_id: UUID


@dataclass(frozen=True, kw_only=True)
class CaseMoved(HoldFact):
    """A case went on: `what` is offer, decline, ask, escalate, rule, consent, appeal, await, send or contest."""

    topic = "dispute.moved"
    dispute_id: UUID
    what: str
    state: str


@dataclass(frozen=True, kw_only=True)
class DisputeDecided(HoldFact):
    """A dispute is over: a moderator decided, or one side gave in (`outcome` as in Dispute.Outcome)."""

    topic = "dispute.decided"
    dispute_id: UUID
    outcome: str


@dataclass(frozen=True, kw_only=True)
class DisputeWithdrawn(HoldFact):
    """The one who opened it took it back."""

    topic = "dispute.withdrawn"
    dispute_id: UUID


@dataclass(frozen=True, kw_only=True)
class ChargebackOpened(HoldFact):
    """The payer's bank takes the payment back; an answer is due by `answer_by`, if any."""

    topic = "chargeback.opened"
    chargeback_id: UUID
    answer_by: dt.datetime | None = None


@dataclass(frozen=True, kw_only=True)
class HoldChecked(HoldFact):
    """A moderator looks at it before the parcel leaves (`began`), or has done so: it goes on unless it was refused."""

    topic = "hold.checked"
    began: bool
    refused: bool = False


@dataclass(frozen=True, kw_only=True)
class PaymentFailed(HoldFact):
    """The bank declined."""

    topic = "payment.failed"
    payment_id: UUID
    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class PaymentReturned(HoldFact):
    """Money arrived that was not owed (paid twice, or too late) and goes back."""

    topic = "payment.returned"
    payment_id: UUID
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class SettlementSent(HoldFact):
    """A transfer or refund was accepted by the processor; `kind` as in Settlement.Kind."""

    topic = "settlement.sent"
    settlement_id: UUID
    kind: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class PayoutFailed(Event):
    """A seller's bank refused a payout; the money is back on the payout account. `why`: the processor's words."""

    topic = "payout.failed"
    payout_id: UUID
    member_id: UUID
    amount_minor: int
    currency: str
    why: str

    @property
    def aggregate(self) -> str:
        """The payout."""
        return f"payout:{self.payout_id}"
