"""The published fee: a share of the items' price plus a fixed part, at most the price; none on shipping."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from apps.core.money import Money


@dataclass(frozen=True)
class Example:
    """One sale worked through, in minor units of `currency`."""

    items_minor: int
    shipping_minor: int
    fee_minor: int
    currency: str

    @property
    def buyer_pays_minor(self) -> int:
        """Items and shipping; nothing is added for the buyer."""
        return self.items_minor + self.shipping_minor

    @property
    def seller_gets_minor(self) -> int:
        """What arrives at the seller."""
        return self.buyer_pays_minor - self.fee_minor


def fee_for(items_minor: int) -> int:
    """The platform's fee on a sale of items worth `items_minor`, in minor units; halves of a unit go to even."""
    if items_minor < 0:
        raise ValueError("a price is not negative")
    if items_minor == 0:
        return 0
    share = Money(items_minor).basis_points(settings.PLATFORM_FEE_BASIS_POINTS).amount_minor
    return min(items_minor, share + settings.PLATFORM_FEE_FIXED_MINOR)


def fee_on_part(*, fee_minor: int, part_minor: int, amount_minor: int) -> int:
    """The fee that remains when the seller keeps only `part_minor` of `amount_minor`: in proportion, rounded down."""
    if not 0 <= part_minor <= amount_minor or amount_minor <= 0:
        raise ValueError("the part lies between nothing and the whole")
    return fee_minor * part_minor // amount_minor


def worked_example(items_minor: int, *, shipping_minor: int = 0, currency: str = "USD") -> Example:
    """A sale as the pages show it before somebody lists."""
    return Example(items_minor, shipping_minor, fee_for(items_minor), currency)
