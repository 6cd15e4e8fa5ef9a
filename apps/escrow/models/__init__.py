"""All tables of the room, as Django wants them in one place. Those of its smaller rooms stand there, in their models.py."""

from apps.escrow.approvals.models import Approval
from apps.escrow.cards.models import Customer, SavedCard
from apps.escrow.cases.models import CaseEntry, CaseOffer, CaseParcel, CaseRuling
from apps.escrow.chargebacks.models import ChargebackAnswer, ChargebackFile
from apps.escrow.models.disputes import Dispute, Evidence
from apps.escrow.models.holds import Hold, HoldState
from apps.escrow.models.ledger import (
    LedgerAccount,
    LedgerCheck,
    LedgerEntry,
    LedgerHorizon,
    LedgerSeal,
    LedgerTransaction,
)
from apps.escrow.models.payments import Chargeback, Payment, Settlement
from apps.escrow.models.processor import SellerAccount, WebhookEvent
from apps.escrow.payouts.models import SellerPayout
from apps.escrow.reconciling.models import ReconciliationDifference, ReconciliationRun

__all__ = [
    "Approval",
    "CaseEntry",
    "CaseOffer",
    "CaseParcel",
    "CaseRuling",
    "Chargeback",
    "ChargebackAnswer",
    "ChargebackFile",
    "Customer",
    "Dispute",
    "Evidence",
    "Hold",
    "HoldState",
    "LedgerAccount",
    "LedgerCheck",
    "LedgerEntry",
    "LedgerHorizon",
    "LedgerSeal",
    "LedgerTransaction",
    "Payment",
    "ReconciliationDifference",
    "ReconciliationRun",
    "SavedCard",
    "SellerAccount",
    "SellerPayout",
    "Settlement",
    "WebhookEvent",
]
