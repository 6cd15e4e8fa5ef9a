"""What the payment company itself says has moved, asked over its interface. Needs Django and a running company."""

from __future__ import annotations

from collections import defaultdict

import stripe
from django.conf import settings


def double_payments(hold_ids: set[str]) -> list[str]:
    """Holds for which more than one transfer left, or more went back to a buyer than came; in words."""
    client = stripe.StripeClient(
        settings.STRIPE_SECRET_KEY, base_addresses={"api": settings.STRIPE_API_BASE}, max_network_retries=2
    )
    transfers: dict[str, list[int]] = defaultdict(list)
    for transfer in client.v1.transfers.list({"limit": 100}).auto_paging_iter():
        transfers[transfer.transfer_group or ""].append(transfer.amount)
    found = [f"{group}: transfers of {amounts}" for group, amounts in transfers.items() if len(amounts) > 1]
    found += [
        f"{group}: a transfer of no hold of ours" for group in transfers if group.removeprefix("hold:") not in hold_ids
    ]
    for charge in client.v1.charges.list({"limit": 100}).auto_paging_iter():
        if charge.amount_refunded > charge.amount:
            found.append(f"{charge.id}: {charge.amount_refunded} refunded of {charge.amount}")
    return found
