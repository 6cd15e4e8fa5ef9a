"""Forms of selling."""

from __future__ import annotations

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.forms import MinorUnitsField
from apps.listings import destinations
from apps.listings.models import ShippingProfile
from apps.listings.shipping import MOST_RATES, Rate

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


class ShippingForm(forms.Form):
    """A shipping profile's name."""

    name = forms.CharField(label=_("Name"), max_length=60, initial="Standard", help_text=_("Only you see it."))


class RateForm(forms.Form):
    """What one parcel to a destination costs."""

    destination = forms.ChoiceField(label=_("To"), choices=destinations.choices)
    price_minor = MinorUnitsField(label=_("Price"), max_value=_MOST_SHIPPING)
    up_to_grams = forms.IntegerField(label=_("Up to grams"), required=False, min_value=1, max_value=100_000)
    up_to_minor = MinorUnitsField(label=_("Goods up to"), required=False, min_value=Decimal("0.01"))
    days = forms.IntegerField(label=_("Usual days"), required=False, min_value=1, max_value=120)
    is_tracked = forms.BooleanField(label=_("With tracking number"), required=False)

    def rate(self) -> Rate | None:
        """The rate as typed; None for an empty or deleted row."""
        typed = dict(self.cleaned_data)
        if typed.pop("DELETE", False) or typed.get("price_minor") is None:
            return None
        return Rate(**typed)


RateForms = forms.formset_factory(RateForm, extra=2, can_delete=True, max_num=MOST_RATES, validate_max=True)
