"""The processor's own list of what moved in our balance."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import stripe

from apps.escrow.gateway.connection import client, our_error
from apps.escrow.processor import BalanceRow
from apps.escrow.processor.reading import movement_of


def balance_transactions(created_after: datetime) -> Iterator[BalanceRow]:
    """Every movement of our balance since a moment, newest first, fetched by hundreds. Raises GatewayError."""
    try:
        page = client().v1.balance_transactions.list({"created": {"gte": int(created_after.timestamp())}, "limit": 100})
        for movement in page.auto_paging_iter():
            yield movement_of(movement)
    except stripe.StripeError as error:
        raise our_error(error) from error
