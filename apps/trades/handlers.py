"""What trades do when a hold moves: close with it, and say so in the trade room."""

from apps.core.money import Money
from apps.core.outbox import subscribe
from apps.escrow.events import (
    DisputeDecided,
    HoldCancelled,
    HoldDelivered,
    HoldDisputed,
    HoldFunded,
    HoldRefunded,
    HoldReleased,
    HoldShipped,
    HoldSplit,
)
from apps.escrow.models import Hold
from apps.trades import actions


@subscribe(HoldFunded)
def announce_payment(event: HoldFunded) -> None:
    """Tell both that the money is here."""
    hold = Hold.objects.get(pk=event.hold_id)
    actions.note(hold_id=hold.pk, body=f"{Money(hold.amount_minor, hold.currency)} were paid and are held.")


@subscribe(HoldShipped)
def announce_parcel(event: HoldShipped) -> None:
    """Tell both that the parcel left."""
    actions.note(hold_id=event.hold_id, body="The parcel is on its way.")


@subscribe(HoldDelivered)
def announce_delivery(event: HoldDelivered) -> None:
    """Tell both that the inspection runs."""
    actions.note(hold_id=event.hold_id, body="The parcel has arrived. The inspection has started.")


@subscribe(HoldDisputed)
def announce_dispute(event: HoldDisputed) -> None:
    """Tell both that the clock has stopped."""
    actions.note(hold_id=event.hold_id, body="A problem was reported. The money stays held until it is settled.")


@subscribe(DisputeDecided)
def announce_decision(event: DisputeDecided) -> None:
    """Tell both that a moderator has decided."""
    actions.note(hold_id=event.hold_id, body="A moderator has decided the case.")


@subscribe(HoldReleased)
def close_released(event: HoldReleased) -> None:
    """The copies are the buyer's."""
    actions.close(hold_id=event.hold_id, outcome="released")
    actions.note(hold_id=event.hold_id, body="The money was released to the seller. The trade is complete.")


@subscribe(HoldSplit)
def close_split(event: HoldSplit) -> None:
    """The copies are the buyer's, the money is shared."""
    actions.close(hold_id=event.hold_id, outcome="split")
    actions.note(hold_id=event.hold_id, body="The money was split. The trade is complete.")


@subscribe(HoldRefunded)
def close_refunded(event: HoldRefunded) -> None:
    """The copies are free again."""
    actions.close(hold_id=event.hold_id, outcome="refunded")
    actions.note(hold_id=event.hold_id, body="The money went back to the buyer. The trade is closed.")


@subscribe(HoldCancelled)
def close_cancelled(event: HoldCancelled) -> None:
    """The copies are free again."""
    actions.close(hold_id=event.hold_id, outcome="cancelled")
    actions.note(hold_id=event.hold_id, body="The trade was cancelled before payment.")
