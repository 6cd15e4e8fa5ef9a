"""Money in integer minor units. No floats; two currencies are never added; rounding is named where it happens."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

# ISO 4217 minor-unit digits where they are not two.
_NO_DIGITS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DIGITS = "BHD IQD JOD KWD LYD OMR TND"
EXPONENTS = dict.fromkeys(_NO_DIGITS.split(), 0) | dict.fromkeys(_THREE_DIGITS.split(), 3) | {"CLF": 4, "UYW": 4}
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}


class CurrencyMismatch(ValueError):
    """Two amounts in different currencies met."""


def exponent(currency: str) -> int:
    """How many digits the minor unit of an ISO 4217 currency has."""
    return EXPONENTS.get(currency, 2)


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in minor units of one currency: `Money(1299, "USD")` is $12.99."""

    amount_minor: int
    currency: str = "USD"

    def __post_init__(self) -> None:
        if isinstance(self.amount_minor, bool) or not isinstance(self.amount_minor, int):
            raise TypeError("amount_minor is a whole number of minor units")
        code = self.currency
        if len(code) != 3 or not (code.isascii() and code.isalpha() and code.isupper()):
            raise ValueError(f"{self.currency!r} is not an ISO 4217 currency code")

    @classmethod
    def from_decimal(cls, amount: Decimal | str, currency: str = "USD") -> Money:
        """The nearest representable amount; halves go to even.

        Raises ValueError on text that is not a number, TypeError on a float: it has lost what it was already.
        """
        if isinstance(amount, float):
            raise TypeError("money comes from Decimal or text, not from float")
        try:
            value = Decimal(amount)
            if not value.is_finite():
                raise InvalidOperation
            minor = value.scaleb(exponent(currency)).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
        except InvalidOperation:
            raise ValueError(f"{amount!r} is not an amount of money") from None
        return cls(int(minor), currency)

    @property
    def decimal(self) -> Decimal:
        """The amount in major units."""
        return Decimal(self.amount_minor).scaleb(-exponent(self.currency))

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} cannot be combined")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount_minor + other.amount_minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount_minor - other.amount_minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount_minor, self.currency)

    def __mul__(self, count: int) -> Money:
        if isinstance(count, bool) or not isinstance(count, int):
            return NotImplemented
        return Money(self.amount_minor * count, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.amount_minor < other.amount_minor

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.amount_minor <= other.amount_minor

    def __bool__(self) -> bool:
        return self.amount_minor != 0

    def basis_points(self, points: int) -> Money:
        """That share of the amount (100 points are 1 %), halves to even."""
        share, rest = divmod(self.amount_minor * points, 10_000)
        rounds_up = rest > 5_000 or (rest == 5_000 and share % 2 == 1)
        return Money(share + rounds_up, self.currency)

    def split(self, weights: list[int]) -> list[Money]:
        """Parts in proportion to the weights, adding up to exactly this amount (largest remainders get the odd units).

        Raises ValueError unless the weights are >= 0 and not all zero.
        """
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise ValueError("weights are whole numbers >= 0, not all zero")
        sign = -1 if self.amount_minor < 0 else 1
        amount = abs(self.amount_minor)
        parts = [amount * weight // total for weight in weights]
        by_remainder = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % total), i))
        for i in by_remainder[: amount - sum(parts)]:
            parts[i] += 1
        return [Money(sign * part, self.currency) for part in parts]

    def __str__(self) -> str:
        digits = exponent(self.currency)
        figure = f"{abs(self.decimal):,.{digits}f}"
        sign = "-" if self.amount_minor < 0 else ""
        symbol = _SYMBOLS.get(self.currency)
        return f"{sign}{symbol}{figure}" if symbol else f"{sign}{figure} {self.currency}"
