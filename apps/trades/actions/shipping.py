"""What the two of a sale do on its way: ship, receive, release, cancel, give money back."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core import outbox
from apps.core.errors import InvalidInput
from apps.escrow import actions as escrow
from apps.escrow.models import Settlement
from apps.trades.actions.locking import locked, who
from apps.trades.events import TradeShipped
from apps.trades.models import Shipment, Trade


@transaction.atomic
def ship(*, trade: Trade, by: User, carrier: str = "", tracking_number: str = "") -> Shipment:
    """The seller says that the parcel left. Raises NotYours, Conflict, InvalidInput (no tracking)."""
    trade = locked(trade, seller=by)
    needs_tracking = trade.lines.filter(listing__shipping__is_tracked=True).exists()
    if needs_tracking and not tracking_number.strip():
        raise InvalidInput("This sale was offered with tracking. Enter the parcel's number.", field="tracking_number")
    escrow.mark_shipped(hold=trade.hold, by=by)
    shipment = Shipment.objects.create(
        trade=trade,
        sender=by,
        carrier=carrier.strip()[:60],
        tracking_number=tracking_number.strip()[:60],
        shipped_at=timezone.now(),
    )
    outbox.emit(TradeShipped(**who(trade)))
    return shipment


@transaction.atomic
def confirm_delivery(*, trade: Trade, by: User) -> Trade:
    """The buyer says that the parcel is here; the inspection starts. Raises NotYours, Conflict."""
    trade = locked(trade, buyer=by)
    escrow.mark_delivered(hold=trade.hold, by=by)
    trade.shipments.filter(delivered_at__isnull=True).update(delivered_at=timezone.now())
    return trade


@transaction.atomic
def release(*, trade: Trade, by: User) -> Trade:
    """The buyer is content: the money goes to the seller. Raises NotYours, Conflict."""
    trade = locked(trade, buyer=by)
    escrow.release(hold=trade.hold, by=by)
    return trade


@transaction.atomic
def cancel(*, trade: Trade, by: User, reason: str = "") -> Trade:
    """Either side calls it off where the rules allow it; paid money goes back. Raises NotYours, Conflict."""
    trade = locked(trade, either=by)
    escrow.cancel(hold=trade.hold, by=by, reason=reason.strip()[:300])
    return trade


@transaction.atomic
def give_back(*, trade: Trade, by: User, reason: str = "") -> Trade:
    """The seller returns the whole amount, e.g. because the parcel came back. Raises NotYours, Conflict."""
    trade = locked(trade, seller=by)
    escrow.refund(hold=trade.hold, by=by, reason=reason.strip()[:300])
    return trade


@transaction.atomic
def give_back_late(*, trade: Trade, by: User, amount_minor: int, request_key: str, reason: str = "") -> Settlement:
    """The seller gives a part or all back after the release. The same `request_key` gives once.

    Raises NotYours, Conflict, InvalidInput.
    """
    trade = locked(trade, seller=by)
    key = f"seller:{request_key}"[:80]
    return escrow.give_back_late(
        hold=trade.hold, amount_minor=amount_minor, by=by, request_key=key, reason=reason.strip()[:300]
    )
