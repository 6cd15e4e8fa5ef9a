"""Two members with cards, a payment company, and swaps at each stage."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.core import outbox
from apps.escrow import ledger
from apps.inventory.models import InventoryItem
from apps.listings.wants.models import Have
from apps.trades.swaps import actions, course
from apps.trades.swaps.actions import Terms
from apps.trades.swaps.models import Side, Swap
from tests.escrow.conftest import Company, company  # noqa: F401 - a fixture
from tests.factories import ADDRESS, make_item, make_price, make_user, make_variant


def offer_for_trade(owner: User, value: str | None = "20.00", *, quantity: int = 1) -> InventoryItem:
    """Copies with a fair value that their owner would trade away."""
    variant = make_variant()
    if value is not None:
        make_price(variant, value)
    item = make_item(owner, variant, quantity=quantity)
    Have.objects.create(item=item, owner=owner, since=timezone.now())
    return item


@dataclass
class Table:
    """Ada and Bob, what each puts on the table, and what they do. Ada proposes; positive cash is hers to pay."""

    cash: int = 0
    ada: User = field(default_factory=lambda: make_user())
    bob: User = field(default_factory=lambda: make_user())
    hers: InventoryItem = None
    his: InventoryItem = None
    swap: Swap = None

    def __post_init__(self) -> None:
        self.hers = self.hers or offer_for_trade(self.ada, "20.00")
        self.his = self.his or offer_for_trade(self.bob, "30.00")

    @property
    def terms(self) -> Terms:
        return Terms(gives={self.hers.pk: 1}, takes={self.his.pk: 1}, cash_minor=self.cash)

    def propose(self) -> Table:
        self.swap = actions.propose(to=self.bob, terms=self.terms, ship_to=ADDRESS, by=self.ada)
        return self

    def agree(self) -> Table:
        if self.swap is None:
            self.propose()
        actions.agree(swap=self.swap, ship_to=ADDRESS, by=self.bob)
        return self.fresh()

    def pay(self, by: User) -> Table:
        assert course.pay(swap=self.swap, by=by, payment_method="pm_card_visa").state == "succeeded"
        outbox.relay(limit=10_000)
        return self.fresh()

    def funded(self) -> Table:
        self.agree()
        for side in Side.objects.filter(swap=self.swap, hold__isnull=False).select_related("member"):
            self.pay(side.member)
        return self

    def ship(self, by: User) -> Table:
        course.ship(swap=self.swap, by=by, carrier="Post", tracking_number=f"T-{by.display_name}")
        return self.fresh()

    def receive(self, by: User) -> Table:
        course.delivered(swap=self.swap, sender_id=self.swap.sender_to(by.pk), by=by)
        return self.fresh()

    def exchanged(self) -> Table:
        self.funded()
        for person in (self.ada, self.bob):
            self.ship(person)
        for person in (self.ada, self.bob):
            self.receive(person)
        return self

    def fresh(self) -> Table:
        self.swap = Swap.objects.get(pk=self.swap.pk)
        return self

    def side(self, member: User) -> Side:
        return Side.objects.select_related("hold").get(swap=self.swap, member=member)

    def free(self, item: InventoryItem) -> tuple[int, int]:
        """How many copies are there, and how many of them are promised."""
        item.refresh_from_db()
        return item.quantity, item.reserved

    def owed(self, member: User) -> tuple[int, int]:
        """What is on its way to a member: back to them, and as proceeds."""
        codes = (ledger.refunds_account(member.pk), ledger.available_account(member.pk))
        return tuple(ledger.balance(code).amount_minor for code in codes)


def copies_of(owner: User, variant_id: uuid.UUID) -> int:
    """How many copies of a printing somebody owns."""
    return sum(InventoryItem.objects.filter(owner=owner, variant=variant_id).values_list("quantity", flat=True))


@pytest.fixture
def table(company: Company):  # noqa: F811
    """`table(cash=1000)`; keyword arguments as in Table."""
    return lambda **given: Table(**given)


__all__ = ["Table", "copies_of", "offer_for_trade"]
