"""What the living style guide shows: made-up cards and figures, so that every component can be seen at /design/."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django import forms
from django.templatetags.static import static
from django.utils import timezone

from apps.core.pagination import Page

_CARDS = [
    ("Ember Warden", "017/120", "64.00", "4.2", "holofoil", "Holofoil"),
    ("Tidecaller Nimue", "042/120", "18.50", "-2.6", "normal", "Normal"),
    ("Moss Colossus", "063/120", "3.25", "0", "reverse-holofoil", "Reverse Holofoil"),
    ("Gilded Heron", "088/120", "212.00", "11.8", "first-edition-holofoil", "1st Edition Holofoil"),
    ("Hollow Choir", "101/120", "7.90", "-0.4", "foil", "Foil"),
    ("Static Lynx", "113/120", "1.10", "", "normal", "Normal"),
]
_EPOCH = datetime(2026, 1, 5, tzinfo=UTC)


class SampleForm(forms.Form):
    """One field of each kind."""

    price = forms.DecimalField(help_text="Buyers pay this per copy, before shipping.", initial="18.50")
    condition = forms.ChoiceField(choices=[("NM", "Near Mint"), ("LP", "Lightly Played"), ("MP", "Moderately Played")])
    description = forms.CharField(widget=forms.Textarea, required=False, max_length=500)
    quantity = forms.IntegerField(min_value=1, max_value=4, error_messages={"max_value": "You own 4 copies."})
    ships_abroad = forms.BooleanField(required=False, label="Ship to other countries", help_text="Adds tracked rates.")


def _chart() -> dict[str, object]:
    days = range(0, 300, 4)
    values = [round(48 + day / 22 + 5 * math.sin(day / 17) + 2.2 * math.sin(day / 5), 2) for day in days]
    return {
        "x": [int((_EPOCH + timedelta(days=day)).timestamp()) for day in days],
        "series": [{"label": "Fair value", "values": values}],
        "band": {
            "label": "Range",
            "low": [round(value * 0.9 - 1, 2) for value in values],
            "high": [round(value * 1.09 + 1, 2) for value in values],
        },
        "currency": "USD",
    }


def _cards() -> list[dict[str, object]]:
    return [
        {
            "name": name,
            "number": number,
            "amount": Decimal(price),
            "percent": percent,
            "finish": finish,
            "finish_label": label,
            "src": static(f"img/samples/card-{place}.svg"),
            "set_name": "Aurora Expanse",
            "set_code": "AUR",
        }
        for place, (name, number, price, percent, finish, label) in enumerate(_CARDS, 1)
    ]


def _page() -> Page[int]:
    return Page(rows=range(97, 121), total=1_236, limit=24, offset=96)


def samples() -> dict[str, object]:
    """Context of `core/design.html`."""
    now = timezone.now()
    chart = _chart()
    cards = _cards()
    form = SampleForm({"price": "18.50", "condition": "LP", "quantity": "9"})
    lines = [
        {**card, "condition": condition, "quantity": 1} for card, condition in zip(cards[:2], ("NM", "LP"), strict=True)
    ]
    return {
        "cards": cards,
        "chart": chart,
        "chart_columns": ["Date", {"label": "Fair value", "figure": True}],
        "chart_rows": [
            [f"{_EPOCH + timedelta(days=day):%d %b %Y}", f"${value:.2f}"] for day, value in ((296, 62.1), (292, 61.4))
        ],
        "sparks": [[5, 6, 5.5, 7, 8, 7.6, 9], [9, 8.8, 7, 7.4, 6, 5, 5.2], [4, 4, 4.001, 4]],
        "form": form,
        "soon": now + timedelta(hours=5, minutes=12),
        "later": now + timedelta(days=6, hours=3),
        "passed": now - timedelta(hours=2),
        "now": now,
        "yesterday": now - timedelta(days=1),
        "steps": [
            {
                "label": "Paid",
                "state": "done",
                "at": now - timedelta(days=2),
                "detail": "The money is held, not paid out.",
            },
            {"label": "Shipped", "state": "current", "detail": "On its way to you."},
            {"label": "Received", "state": "ahead", "detail": "Then you have 3 days to look."},
            {"label": "Released", "state": "ahead"},
        ],
        "facets": [
            {
                "name": "game",
                "label": "Game",
                "open": True,
                "options": [
                    {"value": "a", "label": "Aurora Expanse", "count": 812, "selected": True},
                    {"value": "b", "label": "Tidebound", "count": 367},
                    {"value": "c", "label": "Ironleaf", "count": 0},
                ],
            },
            {"name": "rarity", "label": "Rarity", "options": [{"value": "r", "label": "Rare", "count": 120}]},
        ],
        "tabs": [
            {"label": "Active", "url": "#", "count": 12, "current": True},
            {"label": "Sold", "url": "#", "count": 48},
            {"label": "Ended", "url": "#"},
        ],
        "crumbs": [("Aurora Expanse", "#"), ("Rares", "#"), ("Ember Warden", "")],
        "reasons": [
            "Median of 42 sales in the last 90 days, newer ones counted more.",
            "2 sales far from the rest were left out.",
            "Near Mint sales only; Lightly Played sold for 14 % less.",
        ],
        "lines": lines,
        "page": _page(),
        "colours": [
            "mat",
            "surface",
            "raised",
            "sunken",
            "accent",
            "gain",
            "loss",
            "caution",
            "note",
            "ink",
            "ink-muted",
            "line",
        ],
    }
