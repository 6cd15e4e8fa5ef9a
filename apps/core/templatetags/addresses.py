"""`url` for every template: the address of a page that is named without arguments is worked out once.

A page's header, menu and footer name forty of them.
"""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache

from django import template
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.template.base import Parser, Token
from django.template.context import Context
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as plain_url
from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, reverse
from django.utils.html import conditional_escape

register = template.Library()


class KnownUrl(URLNode):
    """A `url` of a name alone, outside namespaces."""

    def __init__(self, plain: URLNode, name: str) -> None:
        super().__init__(plain.view_name, [], {}, plain.asvar)
        self.name = name

    def render(self, context: Context) -> str:
        """The address, or "" where a variable takes it. Raises NoReverseMatch where none does and there is no such page."""
        address = _address(self.name, get_script_prefix(), get_urlconf())
        if self.asvar:
            context[self.asvar] = address or ""
            return ""
        if address is None:
            raise NoReverseMatch(f"there is no page of the name {self.name}")
        return conditional_escape(address) if context.autoescape else address


@lru_cache(maxsize=512)
def _address(name: str, prefix: str, urlconf: str | None) -> str | None:
    """None where there is no such page. prefix, urlconf: what it depends on besides."""
    with suppress(NoReverseMatch):
        return reverse(name)
    return None


@receiver(setting_changed)
def _forget_on_change(**_told: object) -> None:
    """Tests change which pages there are."""
    _address.cache_clear()


@register.tag("url")
def url(parser: Parser, token: Token) -> URLNode:
    """Django's own tag, quicker for a name alone."""
    node = plain_url(parser, token)
    name = node.view_name.var
    is_known = isinstance(name, str) and not (node.view_name.filters or node.args or node.kwargs or ":" in name)
    return KnownUrl(node, str(name)) if is_known else node
