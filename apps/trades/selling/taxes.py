"""Which tax reports a year's sales reach, in plain words. The thresholds are facts of a file, each with source and date."""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from django.conf import settings

from apps.core.errors import InvalidInput
from apps.core.money import Money
from apps.listings.destinations import REGIONS
from apps.trades.selling.statements import Sums
from apps.valuations.rates import NoRate, convert

ADVICE = "This is no tax advice: check with your tax office."
_OWN = Path(__file__).parent / "tax_thresholds.toml"


@dataclass(frozen=True)
class Threshold:
    """A rule by which a marketplace reports a seller. `counts`: gross (what buyers paid) or net (less our fees).

    needs_both: number and amount have to be passed; otherwise one of them is enough. sales_beyond: the number has to be
    exceeded; otherwise reaching it is enough. The amount always has to be exceeded.
    """

    code: str
    name: str
    countries: str
    sales: int
    amount: Decimal
    currency: str
    counts: str
    needs_both: bool
    sales_beyond: bool
    words: str
    source: str
    address: str
    as_of: dt.date

    def is_for(self, country: str) -> bool:
        """Whether it is about sellers of this country."""
        return country == self.countries or country in REGIONS.get(self.countries, ("", frozenset()))[1]


@dataclass(frozen=True)
class Reached:
    """How a year's sales stand to a threshold. amount: in the threshold's currency; None where no rate is known."""

    threshold: Threshold
    sales: int
    amount: Decimal | None

    @property
    def is_reached(self) -> bool | None:
        """Whether the sales are reported; None where that cannot be said for want of an exchange rate."""
        rule = self.threshold
        many = self.sales > rule.sales if rule.sales_beyond else self.sales >= rule.sales
        if self.amount is None:
            return None if many == rule.needs_both else many
        much = self.amount > rule.amount
        return many and much if rule.needs_both else many or much

    @property
    def words(self) -> str:
        """The standing in a sentence."""
        rule = self.threshold
        so_far = f"{self.sales} sale{'' if self.sales == 1 else 's'}"
        amount = "an amount that cannot be converted for want of an exchange rate"
        if self.amount is not None:
            amount = str(Money.from_decimal(self.amount, rule.currency))
        verdict = {
            True: "This reaches the threshold: your sales of the year are reported.",
            False: "This is below the threshold: your sales of the year are not reported under it.",
            None: "Whether this reaches the threshold cannot be said.",
        }[self.is_reached]
        return f"{so_far}, {amount}. {verdict}"


@cache
def _read(path: Path) -> tuple[Threshold, ...]:
    said = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(
        Threshold(code=code, **fields | {"amount": Decimal(fields["amount"])}) for code, fields in said.items()
    )


def thresholds() -> tuple[Threshold, ...]:
    """The facts of the site's own file (TAX_THRESHOLDS), else those that we keep. Raises InvalidInput."""
    own: Path | None = settings.TAX_THRESHOLDS
    try:
        return _read(own or _OWN)
    except (OSError, TypeError, ValueError, KeyError) as error:
        raise InvalidInput(f"TAX_THRESHOLDS names a file that cannot be read: {error}") from error


def standing(*, country: str, sums: dict[str, Sums], on: dt.date) -> list[Reached]:
    """How a year's sums, by currency, stand to the thresholds of a seller's country; converted by the rates of a day.

    Gross is what buyers paid and was held, by the day of payment; net is what was released, less fees and refunds.
    """
    found = []
    for rule in thresholds():
        if not rule.is_for(country):
            continue
        gross = rule.counts == "gross"
        sales = sum(each.charges if gross else each.sales for each in sums.values())
        amount: Decimal | None = Decimal(0)
        for currency, each in sums.items():
            part = Money(each.held_in if gross else each.earned, currency)
            try:
                amount = None if amount is None else amount + convert(
                    part.decimal, source=currency, target=rule.currency, on=on
                )  # fmt: skip
            except NoRate:
                amount = amount if not part else None
        found.append(Reached(rule, sales, amount))
    return found
