"""The proof of the books by the schedule, kept with what it found: a proof that nobody saw is none."""

from __future__ import annotations

import structlog

from apps.escrow import ledger
from apps.escrow.models import LedgerCheck

log = structlog.get_logger()

_SENTENCES = 100


def prove_books() -> LedgerCheck:
    """Go over every invariant and the chain, through the head that the last proof found; keep what came of it."""
    last = LedgerCheck.objects.exclude(head="").order_by("-checked_at").first()
    checked = ledger.examine({last.seals: last.head} if last else None)
    made = LedgerCheck.objects.create(
        transactions=checked.transactions,
        entries=checked.entries,
        seals=checked.seals,
        head=checked.head,
        findings=[str(finding)[:500] for finding in checked.findings[:_SENTENCES]],
    )
    if checked.findings:
        log.error("ledger.broken", check=made.pk, findings=len(checked.findings), first=made.findings[0])
    return made
