"""What of swaps can be followed live, and by whom. Facts of held money are told by the trades' live module."""

from __future__ import annotations

import uuid

from django.db.models import Q

from apps.core.outbox import at_once
from apps.live.pushing import push_all
from apps.live.streams import Reader, stream
from apps.trades.swaps.events import (
    SwapAgreed,
    SwapClosed,
    SwapCompleted,
    SwapEvent,
    SwapFunded,
    SwapProposed,
    SwapShipped,
)
from apps.trades.swaps.models import Swap


def is_party(reader: Reader, key: uuid.UUID) -> bool:
    """One of the two, or of the three."""
    one_of = Q(proposer=reader.member_id) | Q(other=reader.member_id) | Q(third=reader.member_id)
    return reader.member_id is not None and Swap.objects.filter(one_of, pk=key).exists()


@stream("swap", is_present=is_party)
def may_follow_swap(reader: Reader, key: uuid.UUID) -> bool:
    """Its members and moderators, as its room."""
    return reader.member_id is not None and (reader.is_moderator or is_party(reader, key))


@at_once(SwapProposed)
@at_once(SwapAgreed)
@at_once(SwapFunded)
@at_once(SwapShipped)
@at_once(SwapCompleted)
@at_once(SwapClosed)
def tell(event: SwapEvent) -> None:
    """The room changes, and the lists of all."""
    told = {"swap": event.swap_id}
    lists = ((f"member:{pk}", "swaps", told) for pk in event.members)
    push_all([(f"swap:{event.swap_id}", "changed", None), *lists])
