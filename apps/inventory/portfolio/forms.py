"""What the portfolio's page shows: currency, period, order, page. What cannot be used is left out; the rest counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.inventory.portfolio.history import PERIODS
from apps.inventory.portfolio.holdings import SORTS

SORT_NAMES = {
    "value": _("Most valuable"),
    "gain": _("Largest gain"),
    "loss": _("Largest loss"),
    "name": _("Name"),
    "copies": _("Most copies"),
}


TOGETHER = "together"
"""All currencies in the member's own."""


@dataclass(frozen=True)
class Wanted:
    """What was asked for, with what holds where nothing was. currency: a code, or `TOGETHER`."""

    currency: str
    period: str
    sort: str
    page: int


class PortfolioForm(forms.Form):
    """The choices of the page; `currencies` are those that the member has, the first choice holds unless told.

    unit: the member's own currency where all can be told in it, else "".
    """

    currency = forms.ChoiceField(label=_("Currency"), required=False)
    period = forms.ChoiceField(label=_("Period"), required=False, choices=[(name, name) for name in PERIODS])
    sort = forms.ChoiceField(label=_("Order"), required=False, choices=[(name, SORT_NAMES[name]) for name in SORTS])
    page = forms.IntegerField(required=False, min_value=1, max_value=10_000)

    def __init__(self, *args: object, currencies: Sequence[str], unit: str = "", **options: object) -> None:
        super().__init__(*args, **options)
        together = [(TOGETHER, _("All in %(currency)s") % {"currency": unit})] if unit else []
        self.currencies = [*together, *((code, code) for code in currencies)]
        self.fields["currency"].choices = self.currencies

    @property
    def wanted(self) -> Wanted:
        """What to show. Call after is_valid."""
        told = self.cleaned_data
        return Wanted(
            told.get("currency") or self.currencies[0][0],
            told.get("period") or "1y",
            told.get("sort") or "value",
            told.get("page") or 1,
        )

    def query(self, **changes: str) -> str:
        """The query string of the same page with something changed; from its first page."""
        told = {"currency": self.wanted.currency, "period": self.wanted.period, "sort": self.wanted.sort} | changes
        return urlencode(told)
