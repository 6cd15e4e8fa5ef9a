"""Forms of the swap builder and of the swap room."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Address
from apps.core.forms import MinorUnitsField
from apps.inventory.models import InventoryItem
from apps.trades.forms import CheckoutForm, ReviewForm
from apps.trades.swaps.actions import Terms


class AddressForm(CheckoutForm):
    """Where one's new cards go."""

    quantity = None
    request_key = None


class SwapReviewForm(ReviewForm):
    """How it went with who sent one's new cards: everybody got a parcel, so all are asked of each aspect."""

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, by_buyer=True, **options)


class RingForm(forms.Form):
    """What is said with a ring; its cards are fixed by the match."""

    message = forms.CharField(
        label=_("A few words"), required=False, max_length=300, widget=forms.Textarea({"rows": 2})
    )
    request_key = forms.CharField(max_length=80, required=False, widget=forms.HiddenInput)


class TableForm(forms.Form):
    """Two piles and the cash between them. The fields of the piles are named `give-<item>` and `take-<item>`."""

    cash_minor = MinorUnitsField(label=_("Cash"), required=False)
    cash_by = forms.ChoiceField(
        label=_("Who adds it"), required=False, choices=[("me", _("I add it")), ("them", _("They add it"))]
    )
    message = forms.CharField(
        label=_("A few words"), required=False, max_length=300, widget=forms.Textarea({"rows": 2})
    )
    request_key = forms.CharField(max_length=80, required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: object,
        mine: Iterable[InventoryItem],
        theirs: Iterable[InventoryItem],
        chosen: Mapping[uuid.UUID, int] | None = None,
        **options: object,
    ) -> None:
        super().__init__(*args, **options)
        chosen = chosen or {}
        self.piles: dict[str, list[tuple[InventoryItem, str]]] = {"give": [], "take": []}
        for pile, items in (("give", mine), ("take", theirs)):
            for item in items:
                name = f"{pile}-{item.pk}"
                most = max(item.available, chosen.get(item.pk, 0))
                self.fields[name] = forms.IntegerField(
                    label=_("Copies of %(name)s") % {"name": item.variant.product.name},
                    required=False,
                    min_value=0,
                    max_value=most,
                    initial=chosen.get(item.pk, 0),
                    widget=forms.NumberInput({"inputmode": "numeric", "class": "swap-pile__copies"}),
                )
                self.piles[pile].append((item, name))

    def rows(self, pile: str) -> list[tuple[InventoryItem, forms.BoundField]]:
        """The items of a pile with their fields."""
        return [(item, self[name]) for item, name in self.piles[pile]]

    def copies(self, pile: str) -> dict[uuid.UUID, int]:
        """How many copies of which items were chosen."""
        chosen = {item.pk: self.cleaned_data.get(name) or 0 for item, name in self.piles[pile]}
        return {pk: quantity for pk, quantity in chosen.items() if quantity}

    @property
    def cash(self) -> int:
        """What the member adds; negative: what they get."""
        amount = self.cleaned_data.get("cash_minor") or 0
        return -amount if self.cleaned_data.get("cash_by") == "them" else amount

    @property
    def terms(self) -> Terms:
        """What is proposed."""
        return Terms(gives=self.copies("give"), takes=self.copies("take"), cash_minor=self.cash)


def address_of(user: object) -> Address | None:
    """The member's usual address."""
    return user.addresses.filter(is_default=True).first()
