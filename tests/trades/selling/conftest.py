"""Sellers with paid orders."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from apps.accounts.models import User
from apps.trades.models import Trade
from tests.factories import make_listing, make_user
from tests.trades.conftest import at_stage, company  # noqa: F401 - a fixture


@pytest.fixture
def seller(db: None, settings: object) -> User:
    """Somebody whose open sales are not limited."""
    settings.NEW_SELLER_OPEN_LIMIT_MINOR = 10**9
    return make_user("Mira")


@pytest.fixture
def paid(seller: User, company: object) -> Callable[..., Trade]:  # noqa: F811
    """`paid(stage="funded", price_minor=…, name=…)`: a sale of the seller's; what is not of the listing is the trade's."""

    def make(stage: str = "funded", *, name: str = "", **given: object) -> Trade:
        trade_words = {key: given.pop(key) for key in ("buyer", "ship_to", "quantity") if key in given}
        listing = given.pop("listing", None) or make_listing(seller, quantity=trade_words.get("quantity", 1), **given)
        if name:
            trade_words["buyer"] = make_user(name)
        return at_stage(stage, listing=listing, **trade_words)

    return make
