"""Payouts: what goes to a seller's bank, or to ours."""

from __future__ import annotations

from apps.escrow.gateway.connection import client, translated
from apps.escrow.processor import Payout
from apps.escrow.processor.reading import payout_of


@translated
def retrieve_payout(payout_id: str, *, account_id: str = "") -> Payout:
    """A payout as it stands, of a seller's account; of ours without one."""
    return payout_of(
        client().v1.payouts.retrieve(payout_id, None, {"stripe_account": account_id} if account_id else None)
    )
