"""Cases that are decided and over: both sides accept the decision, so that nobody waits for the time to appeal."""

from __future__ import annotations

from apps.accounts.models import User
from apps.escrow import actions
from apps.escrow.models import Dispute


def decided(
    case: Dispute, *, by: User, outcome: str, decision: str = "So.", refund_minor: int | None = None
) -> Dispute:
    """A moderator decides, both accept, and it is carried out."""
    actions.decide_dispute(dispute=case, by=by, outcome=outcome, decision=decision, refund_minor=refund_minor)
    actions.accept_ruling(dispute=case, by=case.hold.payer)
    return actions.accept_ruling(dispute=case, by=case.hold.payee)
