"""Forms of selling many."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.core.forms import MinorUnitsField
from apps.core.money import Money
from apps.inventory.models import InventoryItem
from apps.listings.photos import needs_photo
from apps.listings.selling.bulk import MOST_ITEMS, Offered
from apps.listings.selling.pricing import FAIR, UNDERCUT, PriceRule


class RuleForm(forms.Form):
    """How prices are found."""

    kind = forms.ChoiceField(
        label=_("Price by"),
        choices=[(FAIR, _("a share of fair value")), (UNDERCUT, _("the lowest other offer, less an amount"))],
    )
    percent = forms.IntegerField(label=_("Share of fair value"), min_value=1, max_value=1000, initial=100)
    by_minor = MinorUnitsField(label=_("Undercut by"), initial=1)
    floor_percent = forms.IntegerField(
        label=_("Never under this share of fair value"), min_value=1, max_value=1000, required=False, initial=80
    )
    floor_minor = MinorUnitsField(label=_("Never under"), required=False)
    ceiling_minor = MinorUnitsField(label=_("Never above"), required=False)

    name = forms.CharField(
        label=_("Keep it as"), required=False, max_length=60, help_text=_("A name, to use the rule again.")
    )

    def rule(self) -> PriceRule:
        """The rule as typed."""
        return PriceRule(**{name: value for name, value in self.cleaned_data.items() if name != "name"})


@dataclass(frozen=True)
class Row:
    """An item with the price that is suggested or was typed, and why it was not listed."""

    item: InventoryItem
    price: str
    quantity: str
    chosen: bool
    problem: str
    needs_photo: bool


def suggested(item: InventoryItem, typed: QueryDict, problem: str) -> Row:
    """What the page shows of an item: what was typed, else its fair value and all free copies."""
    price = "" if item.unit_value is None else f"{item.unit_value:.2f}"
    minor = 0 if item.unit_value is None else Money.from_decimal(item.unit_value).amount_minor
    return Row(
        item,
        typed.get(f"price-{item.pk}", price)[:20],
        typed.get(f"quantity-{item.pk}", str(item.available))[:9],
        str(item.pk) in typed.getlist("item"),
        problem,
        not item.has_photo and needs_photo(is_graded=item.grade is not None, price_minor=minor),
    )


def ids_given(given: QueryDict) -> list[uuid.UUID]:
    """Listings that were chosen, as `listing`; what is no id is left out."""
    found = []
    for text in dict.fromkeys(given.getlist("listing")[:MOST_ITEMS]):
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue
    return found


def offers_typed(typed: QueryDict) -> tuple[list[Offered], dict[uuid.UUID, str]]:
    """Offers of the chosen items, and by item what cannot be read."""
    offers, wrong = [], {}
    for text in dict.fromkeys(typed.getlist("item")[:MOST_ITEMS]):
        try:
            pk = uuid.UUID(text)
        except ValueError:
            continue
        price, quantity = typed.get(f"price-{pk}", "").strip(), typed.get(f"quantity-{pk}", "1").strip()
        try:
            amount = Money.from_decimal(Decimal(price)).amount_minor
        except (ValueError, ArithmeticError):
            wrong[pk] = "Enter a price, e.g. 12.50."
            continue
        if not (quantity.isascii() and quantity.isdigit() and len(quantity) < 7):
            wrong[pk] = "Enter a whole number of copies."
            continue
        offers.append(Offered(pk, int(quantity), amount))
    return offers, wrong
