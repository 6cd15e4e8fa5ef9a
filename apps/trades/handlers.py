"""What trades do when a hold moves: close with it, and say so in the trade room."""

from apps.core.money import Money
from apps.core.outbox import subscribe
from apps.escrow.actions.checking import REFUSED
from apps.escrow.chargebacks.actions import collect
from apps.escrow.events import (
    CaseMoved,
    ChargebackOpened,
    DisputeDecided,
    HoldCancelled,
    HoldChecked,
    HoldDelivered,
    HoldDisputed,
    HoldFunded,
    HoldRefunded,
    HoldReleased,
    HoldShipped,
    HoldSplit,
)
from apps.escrow.models import Chargeback, Hold
from apps.trades import actions
from apps.trades.evidence import evidence_of


@subscribe(HoldFunded)
def announce_payment(event: HoldFunded) -> None:
    """Tell both that the money is here."""
    hold = Hold.objects.get(pk=event.hold_id)
    actions.note(hold_id=hold.pk, body=f"{Money(hold.amount_minor, hold.currency)} is paid and held by CardVault.")


@subscribe(HoldShipped)
def announce_parcel(event: HoldShipped) -> None:
    """Tell both that the parcel left."""
    actions.note(hold_id=event.hold_id, body="The parcel is on its way.")


@subscribe(HoldChecked)
def announce_check(event: HoldChecked) -> None:
    """Tell both that somebody looks before the parcel leaves, and what came of it; never why."""
    if event.began:
        said = "We look at this order before it is sent, usually within a day. Nobody has to do anything."
    else:
        said = REFUSED if event.refused else "We have looked at this order: all is well. It can be sent now."
    actions.note(hold_id=event.hold_id, body=said)


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
    """Tell both that the case is over."""
    actions.note(hold_id=event.hold_id, body="The case is settled.")


_IN_WORDS = {
    "offer": "There is an offer to settle the case.",
    "decline": "The offer to settle was declined.",
    "escalate": "A moderator takes over the case.",
    "rule": "A moderator has decided the case. It can be appealed for a few days; the money waits.",
    "appeal": "The decision was appealed. Another moderator looks at the case.",
    "await": "A parcel goes first; then the money moves.",
    "send": "The parcel of the case is on its way.",
    "contest": "Something is wrong with the parcel of the case. A moderator decides.",
}


@subscribe(CaseMoved)
def announce_case(event: CaseMoved) -> None:
    """Tell both how the case goes on."""
    if event.what in _IN_WORDS:
        actions.note(hold_id=event.hold_id, body=_IN_WORDS[event.what])


@subscribe(ChargebackOpened)
def collect_evidence(event: ChargebackOpened) -> None:
    """What speaks for the seller, for the moderator who answers the bank."""
    words, pictures = evidence_of(event.hold_id)
    collect(chargeback=Chargeback.objects.get(pk=event.chargeback_id), words=words, pictures=pictures)


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
