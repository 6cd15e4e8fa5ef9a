"""Reads of orders: what became of one for each seller, and which payment is next."""

from __future__ import annotations

import uuid

from django.db.models import Prefetch

from apps.accounts.models import User
from apps.core.errors import NotFound
from apps.escrow.models import HoldState, Payment
from apps.trades.checkout.models import Order, OrderParcel


def order_for(*, pk: uuid.UUID, buyer: User) -> Order:
    """The buyer's order with its parcels. Raises NotFound for everybody else."""
    parcels = OrderParcel.objects.select_related("seller", "trade__hold").order_by("created_at", "pk")
    parcels = parcels.prefetch_related("trade__lines__item__variant__product", "trade__hold__payments")
    found = Order.objects.filter(pk=pk, buyer=buyer).prefetch_related(Prefetch("parcels", parcels)).first()
    if found is None:
        raise NotFound("This is not one of your orders.")
    return found


def unpaid(order: Order) -> list[OrderParcel]:
    """Parcels whose payment is awaited."""
    return [each for each in order.parcels.all() if each.trade and each.trade.hold.state == HoldState.CREATED]


def next_payment(order: Order) -> Payment | None:
    """The page to pay on, or to confirm on, next: of the first parcel whose payment was started and not made."""
    for parcel in unpaid(order):
        for payment in parcel.trade.hold.payments.all():
            if payment.state == Payment.State.PENDING and payment.checkout_url:
                return payment
            if payment.state == Payment.State.ACTION and payment.next_action_url:
                return payment
    return None
