"""Forms of escrow."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.forms import MinorUnitsField


class PriceForm(forms.Form):
    """A price to work the fee out for."""

    price_minor = MinorUnitsField(label=_("If a card sells for"))
