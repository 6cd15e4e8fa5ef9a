"""Forms of wants."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.catalog.models import Finish
from apps.core.conditions import Condition
from apps.core.forms import MinorUnitsField
from apps.inventory.exchange.vocabulary import NAMES


class ListForm(forms.Form):
    """A list to begin."""

    name = forms.CharField(label=_("Name of the list"), max_length=60)
    is_public = forms.BooleanField(label=_("Other members may see it"), required=False)


class LinesForm(forms.Form):
    """Cards to look for, and what will do."""

    text = forms.CharField(
        label=_("Cards, one a line"),
        max_length=200_000,
        strip=False,
        widget=forms.Textarea({"rows": 8, "spellcheck": "false"}),
        help_text=_("“4 Lightning Bolt (M10) 146”, “2x Charizard ex”, a deck list, or an export of your app."),
    )
    conditions = forms.MultipleChoiceField(
        label=_("Conditions that will do; none for any"), choices=Condition.choices, required=False
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages that will do; none for any"), choices=list(NAMES.items()), required=False
    )
    finishes = forms.MultipleChoiceField(
        label=_("Finishes that will do; none for any"), choices=Finish.choices, required=False
    )
    most_minor = MinorUnitsField(label=_("Most you pay for one copy"), required=False)


class WantForm(forms.Form):
    """How many, and for how much."""

    quantity = forms.IntegerField(min_value=1, max_value=9999)
    most_minor = MinorUnitsField(required=False)
