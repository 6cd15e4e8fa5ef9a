"""Forms of selling."""

from __future__ import annotations

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.forms import MinorUnitsField
from apps.listings.models import ShippingProfile

_MOST_SHIPPING = Decimal(500)


class ListingForm(forms.Form):
    """An offer: how many copies at which price, sent how."""

    price_minor = MinorUnitsField(label=_("Price of one copy"))
    quantity = forms.IntegerField(label=_("Copies to offer"), min_value=1, initial=1)
    shipping = forms.ModelChoiceField(ShippingProfile.objects.none(), label=_("Shipping"), empty_label=None)
    description = forms.CharField(
        label=_("What a buyer should know"),
        required=False,
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Wear, print lines, how you pack it. At most 500 characters."),
    )

    def __init__(self, *args: object, seller: User, most: int, **options: object) -> None:
        super().__init__(*args, **options)
        self.fields["shipping"].queryset = ShippingProfile.objects.filter(seller=seller)
        self.fields["quantity"].max_value = most
        self.fields["quantity"].widget.attrs["max"] = most


class ShippingForm(forms.ModelForm):
    """What the seller charges for a parcel."""

    domestic_minor = MinorUnitsField(label=_("Within your country"), max_value=_MOST_SHIPPING)
    abroad_minor = MinorUnitsField(
        label=_("To other countries"), required=False, max_value=_MOST_SHIPPING, help_text=_("Empty: not offered.")
    )

    class Meta:
        model = ShippingProfile
        fields = ("name", "domestic_minor", "abroad_minor", "is_tracked")
        labels = {"is_tracked": _("With a tracking number")}
