"""Transfers to sellers and their reversals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.escrow.gateway.connection import client, keyed, translated
from apps.escrow.processor import Reversal, Transfer
from apps.escrow.processor.reading import reversal_of, transfer_of


@translated
def transfer(
    *,
    hold_id: str,
    account_id: str,
    amount_minor: int,
    currency: str,
    charge_id: str,
    transfer_group: str,
    idempotency_key: str,
) -> Transfer:
    """Pass on part of a charge to a seller; accepted before the charge has settled.

    Raises GatewayError: insufficient_capabilities_for_transfer when the seller cannot be paid yet, balance_insufficient
    when the charge has less left. Both stay so for this key: use another for the next attempt.
    """
    params: Any = {
        "amount": amount_minor,
        "currency": currency.lower(),
        "destination": account_id,
        "source_transaction": charge_id,
        "transfer_group": transfer_group,
        "metadata": {"hold_id": str(hold_id)},
    }
    return transfer_of(client().v1.transfers.create(params, keyed(idempotency_key)))


@translated
def retrieve_transfer(transfer_id: str) -> Transfer:
    """A transfer as it stands."""
    return transfer_of(client().v1.transfers.retrieve(transfer_id))


@translated
def list_transfers(transfer_group: str) -> tuple[Transfer, ...]:
    """Every transfer of a group, newest first."""
    page = client().v1.transfers.list({"transfer_group": transfer_group, "limit": 100})
    return tuple(transfer_of(found) for found in page.auto_paging_iter())


@translated
def reverse_transfer(
    *, transfer_id: str, amount_minor: int, idempotency_key: str, metadata: Mapping[str, str] | None = None
) -> Reversal:
    """Take money back from a seller. Raises GatewayError with balance_insufficient when it has been paid out."""
    params: Any = {"amount": amount_minor, "metadata": dict(metadata or {})}
    return reversal_of(client().v1.transfers.reversals.create(transfer_id, params, keyed(idempotency_key)))


@translated
def list_reversals(transfer_id: str) -> tuple[Reversal, ...]:
    """Every reversal of a transfer, newest first."""
    page = client().v1.transfers.reversals.list(transfer_id, {"limit": 100})
    return tuple(reversal_of(found) for found in page.auto_paging_iter())
