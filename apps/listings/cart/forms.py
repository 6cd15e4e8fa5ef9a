"""Forms of the cart."""

from __future__ import annotations

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.listings.wants.forms import LinesForm
from apps.listings.wants.models import WantList
from apps.listings.wants.queries import lists_of


class QuantityForm(forms.Form):
    """How many copies; one unless told."""

    quantity = forms.IntegerField(label=_("Copies"), min_value=1, max_value=100_000, required=False)


class PicksForm(forms.Form):
    """A plan as it was shown: `listing:copies:price` for each pick, and the listings that stay."""

    picks = forms.CharField(max_length=20_000)
    kept = forms.CharField(max_length=10_000, required=False)

    def clean_picks(self) -> list[tuple[uuid.UUID, int, int]]:
        """Listing, copies, price."""
        try:
            found = [each.split(":") for each in self.cleaned_data["picks"].split()]
            picks = [(uuid.UUID(listing), int(copies), int(minor)) for listing, copies, minor in found]
        except ValueError:
            raise forms.ValidationError(_("This is no plan.")) from None
        if any(not 0 < copies < 100_001 or not 0 <= minor < 1 << 40 for _, copies, minor in picks):
            raise forms.ValidationError(_("This is no plan."))
        return picks

    def clean_kept(self) -> list[uuid.UUID]:
        """Listings."""
        try:
            return [uuid.UUID(each) for each in self.cleaned_data["kept"].split()]
        except ValueError:
            raise forms.ValidationError(_("This is no plan.")) from None


class WantedForm(LinesForm):
    """Cards to find the best offers for: a list of one's wants, or text."""

    wanted = forms.ModelChoiceField(
        WantList.objects.none(), label=_("One of your lists"), required=False, empty_label=_("None: the cards below")
    )
    field_order = ("wanted",)

    def __init__(self, *args: object, reader: User | None, **options: object) -> None:
        super().__init__(*args, **options)
        del self.fields["any_printing"]  # here a name without a set always takes any
        if reader is None:
            del self.fields["wanted"]
        else:
            self.fields["wanted"].queryset = lists_of(owner=reader)

    def clean(self) -> dict[str, object]:
        """A list that was chosen goes before all else."""
        return self.cleaned_data if self.cleaned_data.get("wanted") else super().clean()
