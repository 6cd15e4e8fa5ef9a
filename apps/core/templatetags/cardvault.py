"""Template tags every page may use: money and small conveniences. No business rules."""

from decimal import Decimal

from django import template
from django.http import QueryDict
from django.template.context import Context

from apps.core.money import Money

register = template.Library()


@register.filter
def money(minor: int | None, currency: str = "USD") -> str:
    """Minor units as text: `{{ trade.total_minor|money:trade.currency }}`."""
    return "" if minor is None else str(Money(int(minor), currency))


@register.filter
def amount(value: Decimal | None, currency: str = "USD") -> str:
    """A decimal price as text: `{{ price.market|amount:price.currency }}`."""
    return "" if value is None else str(Money.from_decimal(Decimal(value), currency))


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
