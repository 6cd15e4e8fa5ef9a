"""`include` for every template: what a component draws out of plain values is kept for a minute instead of drawn again.

A page has a hundred of them, most alike: icons, badges, the tiles of cards that everybody looks at. Drawing them was more than
half of a page's time (docs/load.md). Kept is only what depends on its arguments alone: the components named here, included
with `only`, with arguments that are text, numbers, dates or nothing. What is not given to them is "", which Django finds
out by three exceptions for each time that a template asks.
"""

from __future__ import annotations

import time
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.template.base import FilterExpression, Parser, Token
from django.template.context import Context
from django.template.loader_tags import IncludeNode, do_include
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from apps.core.money import Money

register = template.Library()

KEPT = frozenset(
    f"components/{name}.html"
    for name in (
        "avatar", "badge", "brand_mark", "button", "card_tile", "change", "condition_badge", "confidence", "countries",
        "finish_badge", "icon", "link_button", "local_time", "meter", "price", "product_image", "product_line",
        "skip_link", "stat", "styles", "theme_switch",
    )
)  # fmt: skip
SECONDS = 60.0
"""For how long: a store's signed addresses of pictures hold for longer."""
MOST = 4096
"""Drawings; a few megabytes."""
_PLAIN = (str, int, float, Decimal, date, Money, type(None))

_Key = tuple[Any, ...]


class _Absent(dict[str, str]):
    """Every name that nothing else has, as empty text."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return ""


_ABSENT = _Absent()
_drawings: dict[_Key, SafeString] = {}
_begun = 0.0


def forget() -> None:
    """Drop all drawings."""
    _drawings.clear()


@receiver(setting_changed)
def _forget_on_change(**_told: object) -> None:
    """Tests change where static files and pictures lie."""
    forget()


class Drawn(IncludeNode):
    """An `include ... only` of one component by its name."""

    def __init__(self, plain: IncludeNode, name: str) -> None:
        super().__init__(plain.template, extra_context=plain.extra_context, isolated_context=True)
        self.name = name

    def render(self, context: Context) -> SafeString:
        """The component with these arguments, from before if it has been drawn within the last minute."""
        values = {name: each.resolve(context) for name, each in self.extra_context.items()}
        key = _key(self.name, values, context)
        if key is None:
            return self._draw(context, values)
        _forget_old()
        drawn = _drawings.get(key)
        if drawn is None:
            drawn = self._draw(context, values)
            if len(_drawings) >= MOST:
                forget()
            _drawings[key] = drawn
        return drawn

    def _draw(self, context: Context, values: dict[str, Any]) -> SafeString:
        inside = context.new(values)
        inside.dicts.insert(0, _ABSENT)  # asked last
        engine = context.template.engine  # type: ignore[union-attr]  # whatever draws a node has set it
        return engine.get_template(self.name).render(inside)


def _forget_old() -> None:
    global _begun
    now = time.monotonic()
    if now - _begun > SECONDS:
        forget()
        _begun = now


def _is_plain(value: object) -> bool:
    return isinstance(value, _PLAIN) or (isinstance(value, tuple) and all(type(each) is str for each in value))


def _key(name: str, values: dict[str, Any], context: Context) -> _Key | None:
    """What the drawing depends on; None where that is more than plain values, or the time of reading."""
    parts: list[Any] = [name, get_language(), context.autoescape]
    for argument, value in values.items():
        if isinstance(value, Promise):
            values[argument] = value = str(value)
        if not _is_plain(value) or value == "relative":
            return None
        if isinstance(value, datetime):
            parts.append(timezone.get_current_timezone_name())
        # 1, 1.0, True and Decimal("1.00") are equal but do not look alike
        parts += (argument, type(value), str(value) if isinstance(value, Decimal | float) else value)
    return tuple(parts)


@register.tag("include")
def include(parser: Parser, token: Token) -> IncludeNode:
    """Django's own tag; what is named in KEPT and included with `only` is drawn once a minute."""
    node = do_include(parser, token)
    named = node.template.var if isinstance(node.template, FilterExpression) and not node.template.filters else None
    if node.isolated_context and isinstance(named, str) and named in KEPT:
        return Drawn(node, str(named))
    return node
