"""What swaps do when held money moves, and when two members part."""

from django.db.models import Q

from apps.accounts.blocks.events import MemberBlocked
from apps.core.outbox import subscribe
from apps.escrow.events import (
    DisputeWithdrawn,
    HoldChecked,
    HoldDisputed,
    HoldFunded,
    HoldRefunded,
    HoldReleased,
    HoldSplit,
)
from apps.risk.events import RiskDecided
from apps.risk.rules import About
from apps.trades.swaps import cases, checking, clock, course
from apps.trades.swaps.models import Side
from apps.trades.swaps.states import SwapState


@subscribe(HoldFunded)
def follow_swap_payment(event: HoldFunded) -> None:
    """Once all have paid, parcels may leave."""
    course.funded(hold_id=event.hold_id)


@subscribe(HoldDisputed)
def follow_swap_dispute(event: HoldDisputed) -> None:
    """The clocks stop."""
    cases.frozen(hold_id=event.hold_id)


@subscribe(DisputeWithdrawn)
def follow_swap_withdrawal(event: DisputeWithdrawn) -> None:
    """The inspection begins anew."""
    cases.resumed(hold_id=event.hold_id)


@subscribe(HoldReleased)
def follow_swap_release(event: HoldReleased) -> None:
    """A decision against who objected."""
    cases.decided(hold_id=event.hold_id)


@subscribe(HoldRefunded)
def follow_swap_refund(event: HoldRefunded) -> None:
    """A decision for who objected, or a bank's."""
    cases.decided(hold_id=event.hold_id)


@subscribe(HoldSplit)
def follow_swap_split(event: HoldSplit) -> None:
    """A decision that gives a part to each."""
    cases.decided(hold_id=event.hold_id)


@subscribe(HoldChecked)
def follow_swap_check(event: HoldChecked) -> None:
    """The clock stands while a payment is looked at."""
    checking.payment_checked(hold_id=event.hold_id, began=event.began, refused=event.refused)


@subscribe(RiskDecided)
def follow_decided_swap(event: RiskDecided) -> None:
    """It goes on, or is called off."""
    if event.about == About.SWAP:
        checking.end_check(swap_id=event.subject_id, released=event.released)


@subscribe(MemberBlocked)
def end_proposals_between_the_two(event: MemberBlocked) -> None:
    """They bargain no more; what is agreed already is carried out."""
    of_one, of_other = (Side.objects.filter(member=pk).values("swap") for pk in (event.owner_id, event.other_id))
    pair = Q(pk__in=of_one) & Q(pk__in=of_other)
    clock.expire_proposals(pair, SwapState.VOID)
