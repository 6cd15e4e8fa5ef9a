"""What the pages of notifications need of the registry."""

from django import template

from apps.notifications.kinds import KINDS

register = template.Library()

_ICONS = {
    "Account and security": "shield",
    "Selling": "store",
    "Buying": "package",
    "Trades": "handshake",
    "Offers and swaps": "tag",
    "Prices and searches": "bell",
    "Your collection": "layers",
}


@register.filter
def notice_icon(kind: str) -> str:
    """The symbol of a kind's area."""
    known = KINDS.get(kind)
    return _ICONS[known.area] if known else "bell"


@register.filter
def notice_label(kind: str) -> str:
    """A kind in words."""
    known = KINDS.get(kind)
    return known.label if known else kind
