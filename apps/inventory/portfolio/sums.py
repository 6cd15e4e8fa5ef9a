"""What a portfolio adds up to: by currency, or with all that has a rate in one. Reads only, each one round trip."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from apps.accounts.models import User
from apps.inventory.portfolio.asking import about, rows_of
from apps.inventory.portfolio.statements import RATES, SUMMARY

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Summary:
    """What a portfolio adds up to in one currency.

    unrealised: value less cost of the `gaining` copies, which have both. realised: sales less cost, by lot, before fees;
    sold_uncosted of the sold copies have no cost and no gain. as_of, oldest: the newest and oldest input of the prices.
    """

    currency: str
    copies: int = 0
    unpriced: int = 0
    value: Decimal = ZERO
    cost: Decimal = ZERO
    unrealised: Decimal = ZERO
    gaining: int = 0
    realised: Decimal = ZERO
    proceeds: Decimal = ZERO
    sold: int = 0
    sold_uncosted: int = 0
    as_of: dt.datetime | None = None
    oldest: dt.datetime | None = None

    @property
    def gain(self) -> Decimal:
        """Realised and unrealised together."""
        return self.realised + self.unrealised


def summaries(*, owner: User, unit: str = "") -> list[Summary]:
    """Sums by currency, the most valuable first; one query. A member who never had a copy has none.

    unit: a currency that all is told in, by the rates of the days; what has no rate stays a sum of its own.
    """
    found = [Summary(*row[1:]) for row in rows_of(SUMMARY, about(owner, unit))]
    return sorted(found, key=lambda each: (-each.value, -each.copies, -each.cost, each.currency))


def together(*, owner: User, sums: Sequence[Summary]) -> list[Summary] | None:
    """The sums with all that has a rate in the member's own currency; None where that changes nothing. One query."""
    if [each.currency for each in sums] == [owner.currency]:
        return None
    found = summaries(owner=owner, unit=owner.currency)
    told = {each.currency for each in found}
    return found if owner.currency in told and told != {each.currency for each in sums} else None


def at_rates_of(sums: Sequence[Summary], *, unit: str, on: dt.date) -> Summary:
    """Sums of several currencies in one, all figures by the rates of one day; those without a rate are left out. One query."""
    codes = [each.currency for each in sums]
    rates = dict(rows_of(RATES, {"codes": codes, "unit": unit, "on": on}))
    names = ("value", "cost", "unrealised", "realised", "proceeds")
    counts = ("copies", "unpriced", "gaining", "sold", "sold_uncosted")
    told = [each for each in sums if rates[each.currency] is not None]
    return Summary(
        unit,
        **{name: _hundredths(sum(getattr(each, name) * rates[each.currency] for each in told)) for name in names},
        **{name: sum(getattr(each, name) for each in told) for name in counts},
    )


def _hundredths(figure: Decimal | int) -> Decimal:
    return Decimal(figure).quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def ratio(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """`part` of `whole` to four digits; None where one of them is not known or the whole is nothing."""
    return None if part is None or not whole else (part / whole).quantize(Decimal("0.0001"), ROUND_HALF_EVEN)
