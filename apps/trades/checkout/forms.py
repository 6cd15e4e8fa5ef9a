"""The form of checkout: an address, the totals that it is confirmed with, the key that makes it one order."""

from __future__ import annotations

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.listings.cart.parcels import ParcelKey
from apps.trades.forms import CheckoutForm


class OrderForm(CheckoutForm):
    """Where the parcels go. agreed: `seller:currency:total` for each parcel as shown."""

    quantity = None
    request_key = forms.CharField(max_length=80, widget=forms.HiddenInput)
    agreed = forms.CharField(max_length=4000, widget=forms.HiddenInput)

    def clean_agreed(self) -> dict[ParcelKey, int]:
        """Total by seller and currency."""
        try:
            rows = [each.split(":") for each in self.cleaned_data["agreed"].split()]
            return {(uuid.UUID(seller), currency): int(minor) for seller, currency, minor in rows}
        except ValueError:
            raise forms.ValidationError(_("These totals cannot be read. Load the page again.")) from None
