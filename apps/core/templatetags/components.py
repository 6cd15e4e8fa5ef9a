"""What the design system's templates compute: figures, small drawings, where the reader is. No business rules."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django import template
from django.core.paginator import Page
from django.template.context import Context
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from apps.core import images
from apps.core.money import Money
from apps.core.numbers import printed_number, set_code_of

register = template.Library()

SOON = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Figure:
    """One price as a template shows it: text with symbol, plain number for machines, ISO 4217 code."""

    text: str
    value: str
    currency: str

    @property
    def names_currency(self) -> bool:
        """Whether the text itself already ends in the code (currencies without a symbol of ours)."""
        return self.text.endswith(self.currency)


@register.simple_tag(takes_context=True)
def live_at(context: Context) -> str:
    """Where a live page begins to listen (data-live-at): at what happened since this request came in."""
    began = getattr(context.get("request"), "began_at", None) or time.time()
    return f"{int(began * 1000)}-0"


@register.simple_tag
def figure(
    money: Money | None = None,
    minor: int | None = None,
    amount: Decimal | str | None = None,
    currency: str = "USD",
) -> Figure | None:
    """A price from whichever the page has: Money, minor units, or a decimal in major units. None when it has none."""
    currency = currency or "USD"
    if isinstance(money, Money):
        known = money
    elif minor not in (None, ""):
        known = Money(int(minor), currency)
    elif amount not in (None, ""):
        known = Money.from_decimal(Decimal(str(amount)), currency)
    else:
        return None
    return Figure(text=str(known), value=str(known.decimal), currency=known.currency)


@dataclass(frozen=True, slots=True)
class Change:
    """A relative change: "up", "down" or "flat", with its text."""

    direction: str
    text: str


@register.simple_tag
def change_of(percent: Decimal | float | str | None) -> Change | None:
    """A percentage (4.2 means +4.2 %) with its sign; under a twentieth of a percent it is unchanged."""
    if percent in (None, ""):
        return None
    value = Decimal(str(percent))
    direction = "flat" if abs(value) < Decimal("0.05") else "up" if value > 0 else "down"
    digits = 0 if abs(value) >= 100 else 1
    sign = "+" if direction == "up" else "−"
    if direction == "flat":
        return Change(direction, "unchanged")
    return Change(direction, f"{sign}{abs(value):,.{digits}f} %")


@dataclass(frozen=True, slots=True)
class Line:
    """A sparkline in a box of 100 x 24: SVG path data of the line, of the area under it, and the last point."""

    path: str
    area: str
    end: str
    direction: str


@register.simple_tag
def sparkline_of(values: Sequence[Decimal | float | None]) -> Line | None:
    """The drawing of a short series, oldest first; None for fewer than two known values. Gaps are bridged."""
    known = [(index, float(value)) for index, value in enumerate(values or []) if value is not None]
    if len(known) < 2:
        return None
    low, high = min(value for _, value in known), max(value for _, value in known)
    spread = (high - low) or 1.0
    last = len(values) - 1
    points = [(round(index / last * 100, 1), round(22 - (value - low) / spread * 20, 1)) for index, value in known]
    path = "M" + " L".join(f"{x} {y}" for x, y in points)
    area = f"{path} L{points[-1][0]} 24 L{points[0][0]} 24 Z"
    end = f"M{points[-1][0]} {points[-1][1]}h0.01"
    first, final = known[0][1], known[-1][1]
    direction = "flat" if abs(final - first) <= abs(first) * 0.0005 else "up" if final > first else "down"
    return Line(path, area, end, direction)


@dataclass(frozen=True, slots=True)
class Marks:
    """Where an interval and its value lie on a bar, in percent of its width."""

    start: float
    width: float
    value: float


@register.simple_tag
def interval_of(low: object, value: object, high: object) -> Marks | None:
    """Positions of low, value and high on a bar that leaves a quarter of the interval free at both ends."""
    try:
        ends = [Decimal(str(each)) for each in (low, value, high)]
    except ArithmeticError:
        return None
    bottom, middle, top = ends
    if not bottom <= middle <= top:
        return None
    margin = (top - bottom) / 4 or Decimal(1)
    left, span = bottom - margin, (top - bottom) + 2 * margin

    def at(point: Decimal) -> float:
        return round(float((point - left) / span * 100), 2)

    return Marks(start=at(bottom), width=round(at(top) - at(bottom), 2), value=at(middle))


@register.filter
def confidence_word(confidence: float | Decimal | None) -> str:
    """A confidence in [0, 1] in a word that readers understand."""
    if confidence is None:
        return "unknown"
    return "high" if confidence >= 0.75 else "medium" if confidence >= 0.45 else "low"


@register.filter
def percent_of_one(share: float | Decimal | None) -> str:
    """A share in [0, 1] as a whole percentage."""
    return "" if share is None else f"{float(share) * 100:.0f} %"


@register.filter
def initials(name: object) -> str:
    """Up to two letters that stand for a person without a picture."""
    words = [word for word in str(name).replace("_", " ").replace("-", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + (words[1][0] if len(words) > 1 else words[0][1:2])).upper()


@register.filter
def urgency(at: datetime | None) -> str:
    """How pressing an instant is: "passed", "soon" (under 12 hours) or "later"."""
    if at is None:
        return "later"
    left = at - timezone.now()
    return "passed" if left <= timedelta(0) else "soon" if left < SOON else "later"


@register.filter
def iso(at: datetime | date | None) -> str:
    """For a time element's datetime attribute; instants in UTC."""
    if at is None:
        return ""
    if isinstance(at, datetime):
        return at.astimezone(timezone.get_fixed_timezone(0)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return at.isoformat()


@register.filter
def is_instant(at: object) -> bool:
    """Whether a value is a point in time and not just a date."""
    return isinstance(at, datetime)


@register.simple_tag(takes_context=True)
def current(context: Context, url: str | None, *also: str | None) -> SafeString | str:
    """`aria-current` for a link in a navigation when the reader is on that page, below it, or below one of `also`."""
    request = context.get("request")
    if request is None or not url:
        return ""
    path = url.split("?")[0]
    if request.path == path:
        return mark_safe('aria-current="page"')
    above = [each for each in (path, *also) if each and each != "/"]
    return mark_safe('aria-current="true"') if request.path.startswith(tuple(above)) else ""


@register.filter
def words(path: str) -> str:
    """A category's path as a reader says it: "trading-cards" is "Trading cards"."""
    return str(path).rpartition("/")[2].replace("-", " ").capitalize()


register.simple_tag(set_code_of)
register.simple_tag(printed_number)


@register.filter
def item(mapping: object, key: object) -> object:
    """A dictionary's entry or a sequence's element by a name or number that the template holds in a variable."""
    try:
        return mapping[key]  # type: ignore[index]
    except (KeyError, IndexError, TypeError):
        return ""


@dataclass(frozen=True, slots=True)
class Pictures:
    """Addresses of a stored picture's thumbnails, by width in pixels."""

    small: str
    medium: str
    large: str


@register.simple_tag
def pictures_of(name: str | None) -> Pictures | None:
    """The thumbnails of a picture in storage; None for an empty name."""
    if not name:
        return None
    small, medium, large = (images.url(name, size) for size in images.SIZES)
    return Pictures(small=small, medium=medium, large=large)


@register.simple_tag
def pages_around(page: Page) -> list[int | str]:
    """Page numbers to offer: the first and last, those near this one, an ellipsis for what is left out."""
    return list(page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1))


@register.simple_tag
def picture_url(name: str | None, size: int | None = None) -> str:
    """The address of a stored picture, whole or as its thumbnail of that width."""
    return images.url(name or "", size)
