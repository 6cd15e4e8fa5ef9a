"""Banks' disputes and our answers to them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from apps.escrow.gateway.connection import client, keyed, translated
from apps.escrow.processor import CardDispute
from apps.escrow.processor.reading import dispute_of


@translated
def retrieve_dispute(dispute_id: str) -> CardDispute:
    """A bank's dispute as it stands."""
    return dispute_of(client().v1.disputes.retrieve(dispute_id))


@translated
def upload_evidence(*, name: str, content: bytes, idempotency_key: str) -> str:
    """Hand a file (JPEG, PNG or PDF, at most 5 MB) to the processor as evidence; its id there."""
    file = io.BytesIO(content)
    file.name = name
    params: Any = {"purpose": "dispute_evidence", "file": file}
    return str(client().v1.files.create(params, keyed(idempotency_key)).id)


@translated
def answer_dispute(*, dispute_id: str, evidence: Mapping[str, str], idempotency_key: str) -> CardDispute:
    """Send our evidence to the bank, once and for all. evidence: Stripe's names, e.g. shipping_tracking_number."""
    params: Any = {"evidence": dict(evidence), "submit": True}
    return dispute_of(client().v1.disputes.update(dispute_id, params, keyed(idempotency_key)))
