"""Template tags every page may use: money and small conveniences. No business rules."""

from decimal import Decimal

from django import template
from django.http import QueryDict
from django.template.context import Context
from django.utils.translation import get_language_info

from apps.core.countries import COUNTRIES
from apps.core.money import Money

register = template.Library()

_COUNTRY_NAMES = dict(COUNTRIES)


@register.filter
def money(minor: int | None, currency: str = "USD") -> str:
    """Minor units as text: `{{ trade.total_minor|money:trade.currency }}`."""
    return "" if minor is None else _shown(Money(int(minor), currency))


@register.filter
def amount(value: Decimal | None, currency: str = "USD") -> str:
    """A decimal price as text: `{{ price.market|amount:price.currency }}`."""
    return "" if value is None else _shown(Money.from_decimal(Decimal(value), currency))


@register.filter
def signed(value: Decimal | None, currency: str = "USD") -> str:
    """A change in money with its sign: +$4.56, −$0.85, $0.00."""
    if value is None:
        return ""
    change = Money.from_decimal(Decimal(value), currency)
    return f"{'+' if change.amount_minor > 0 else ''}{_shown(change)}"


def _shown(money: Money) -> str:
    return str(money).replace("-", "−")


@register.filter
def country(code: str) -> str:
    """A country's name by its ISO 3166-1 code; what is no such code as it stands."""
    return _COUNTRY_NAMES.get(code, code)


@register.simple_tag
def all_countries() -> list[tuple[str, str]]:
    """Every country's ISO 3166-1 code and name, by name."""
    return COUNTRIES


@register.filter
def language(code: str) -> str:
    """A language's English name by its ISO 639-1 code; an unknown code in capitals."""
    try:
        return get_language_info(code)["name"]
    except KeyError:
        return code.upper()


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: object) -> str:
    """The page's query string with some parameters changed; None drops one."""
    parameters: QueryDict = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None:
            parameters.pop(name, None)
        else:
            parameters[name] = str(value)
    return f"?{parameters.urlencode()}" if parameters else "?"
