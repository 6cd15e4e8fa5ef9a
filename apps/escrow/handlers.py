"""What escrow does when a moderator has looked at a payment."""

from apps.accounts.models import User
from apps.core.outbox import subscribe
from apps.escrow.actions.checking import end_check
from apps.risk.events import RiskDecided
from apps.risk.rules import About


@subscribe(RiskDecided)
def follow_decided_payment(event: RiskDecided) -> None:
    """The clock goes on, or the money goes back."""
    if event.about == About.PAYMENT:
        by = User.objects.filter(pk=event.by_id).first() if event.by_id else None
        end_check(hold_id=event.subject_id, released=event.released, by=by)
