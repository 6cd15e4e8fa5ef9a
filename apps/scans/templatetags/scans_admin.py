"""Shares, intervals and the trail of versions, in an admin's words."""

from __future__ import annotations

from django import template

register = template.Library()

_DONE = {
    "model.registered": "Registered",
    "model.weights_changed": "Its weights changed under its name",
    "model.gone": "No longer in the installation",
    "model.trial_began": "The trial began",
    "model.share_set": "The share was set",
    "model.promoted": "Put into service",
    "model.retired": "Taken out of service",
    "model.withdrawn": "The trial ended",
    "model.rolled_back": "Brought back into service",
    "model.index_pruned": "Its index was removed",
}


@register.filter
def percent(share: float) -> str:
    """0.9234 as "92.3 %"; a whole is whole."""
    return f"{share:.0%}".replace("%", " %") if share in (0, 1) else f"{share:.1%}".replace("%", " %")


@register.filter
def percents(interval: tuple[float, float]) -> str:
    """(0.87, 0.96) as "87–96 %"."""
    low, high = (round(bound * 100) for bound in interval)
    return f"{low}–{high} %"


@register.filter
def done(action: str) -> str:
    """What an entry of the trail says was done."""
    return _DONE.get(action, action)
