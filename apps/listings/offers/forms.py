"""Forms of bargaining."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.forms import MinorUnitsField


class OfferForm(forms.Form):
    """A price for each of some copies, with a few words."""

    price_minor = MinorUnitsField(label=_("Your price for one copy"))
    quantity = forms.IntegerField(label=_("Copies"), min_value=1, initial=1)
    message = forms.CharField(
        label=_("A few words"), required=False, max_length=300, widget=forms.Textarea({"rows": 2})
    )

    def __init__(self, *args: object, most: int, **options: object) -> None:
        super().__init__(*args, **options)
        self.fields["quantity"].max_value = most
        self.fields["quantity"].widget.attrs["max"] = most


class TermsForm(forms.Form):
    """Which offers a listing takes."""

    is_open = forms.BooleanField(label=_("Take offers for this listing"), required=False)
    least_percent = forms.IntegerField(
        label=_("Decline by itself below this percent of the price"),
        required=False,
        min_value=1,
        max_value=99,
        help_text=_("Empty: you see every offer. Buyers are not told the number."),
    )
