"""Writing to a case's log, which nobody can edit; both sides and moderators read it."""

from __future__ import annotations

import datetime as dt

from apps.accounts.models import User
from apps.escrow.cases.models import CaseEntry
from apps.escrow.models import Dispute


def write(
    dispute: Dispute,
    what: CaseEntry.What,
    *,
    by: User | None,
    now: dt.datetime,
    text: str = "",
    remedy: str = "",
    refund_minor: int | None = None,
) -> CaseEntry:
    """Append a line in the caller's transaction. `by` None: the clock, or the payment processor."""
    return CaseEntry.objects.create(
        dispute=dispute, by=by, what=what, at=now, text=text, remedy=remedy, refund_minor=refund_minor
    )
