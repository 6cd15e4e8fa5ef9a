"""What keeps sellers' standing up: trades that end or ship, and reviews that become visible. Facts come in sets."""

from apps.core.outbox import subscribe_to_sets
from apps.trades.events import ReviewRevealed, TradeCancelled, TradeCompleted, TradeShipped
from apps.trades.reputation.standing import refigure
from apps.trades.swaps.events import SwapClosed, SwapCompleted, SwapShipped
from apps.trades.swaps.states import SwapState


@subscribe_to_sets(TradeShipped)
def figure_shipped(events: list[TradeShipped]) -> None:
    """How quick a parcel was is known."""
    refigure({event.seller_id for event in events})


@subscribe_to_sets(TradeCompleted)
def figure_completed(events: list[TradeCompleted]) -> None:
    """A sale is done."""
    refigure({event.seller_id for event in events})


@subscribe_to_sets(TradeCancelled)
def figure_cancelled(events: list[TradeCancelled]) -> None:
    """A sale came to nothing."""
    refigure({event.seller_id for event in events})


@subscribe_to_sets(ReviewRevealed)
def figure_reviewed(events: list[ReviewRevealed]) -> None:
    """Everybody sees what was written."""
    refigure({event.subject_id for event in events})


@subscribe_to_sets(SwapShipped)
def figure_swap_shipped(events: list[SwapShipped]) -> None:
    """How quick a parcel of a swap was is known."""
    refigure({event.sender_id for event in events})


@subscribe_to_sets(SwapCompleted)
def figure_swap_completed(events: list[SwapCompleted]) -> None:
    """All kept what they agreed on."""
    refigure({member for event in events for member in event.members})


@subscribe_to_sets(SwapClosed)
def figure_swap_broken(events: list[SwapClosed]) -> None:
    """One side did not send."""
    broken = [event for event in events if event.state == SwapState.BROKEN]
    if broken:
        refigure({member for event in broken for member in event.members})
