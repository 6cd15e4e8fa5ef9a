"""The payment company for trades, and trades at each stage."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from apps.core import outbox
from apps.trades import actions
from apps.trades.models import Trade
from tests.escrow.conftest import Company, company  # noqa: F401 - a fixture
from tests.factories import make_trade

STAGES = ("created", "funded", "shipped", "delivered", "disputed", "answered", "released", "refunded", "cancelled")


def at_stage(stage: str, **given: object) -> Trade:
    """A trade that has come as far as `stage`, by what its two people did."""
    trade = make_trade(**given)
    if stage == "cancelled":
        actions.cancel(trade=trade, by=trade.buyer)
    elif stage != "created":
        _paid(trade, stage)
    outbox.relay()
    return Trade.objects.select_related("hold", "buyer", "seller").get(pk=trade.pk)


def _paid(trade: Trade, stage: str) -> None:
    assert actions.pay(trade=trade, by=trade.buyer, payment_method="pm_card_visa").state == "succeeded"
    if stage == "funded":
        return
    if stage == "refunded":
        actions.cancel(trade=trade, by=trade.seller)
        return
    actions.ship(trade=trade, by=trade.seller, carrier="Post", tracking_number="T1")
    if stage == "shipped":
        return
    actions.confirm_delivery(trade=trade, by=trade.buyer)
    if stage == "released":
        actions.release(trade=trade, by=trade.buyer)
    elif stage in {"disputed", "answered"}:
        actions.open_dispute(trade=trade, by=trade.buyer, reason="not-as-described", statement="The corners are bent.")
        if stage == "answered":
            actions.answer_dispute(trade=trade, by=trade.seller, statement="They were fine.")


@pytest.fixture
def trade_at(company: Company) -> Callable[..., Trade]:  # noqa: F811
    """`trade_at("shipped", listing=…, buyer=…)`."""
    return at_stage
