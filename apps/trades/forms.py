"""Forms of buying and of the trade room."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Address
from apps.core.forms import MinorUnitsField
from apps.escrow.cases.forms import AnswerForm as AnswerForm
from apps.escrow.cases.forms import EvidenceForm as EvidenceForm
from apps.escrow.models import Dispute
from apps.trades.models import ASPECTS


class CheckoutForm(forms.ModelForm):
    """How many copies, and where the parcel goes. `request_key` makes a double click buy once."""

    quantity = forms.IntegerField(label=_("Copies"), min_value=1, initial=1)
    request_key = forms.CharField(max_length=80, required=False, widget=forms.HiddenInput)

    class Meta:
        model = Address
        fields = ("name", "line1", "line2", "city", "region", "postal_code", "country")
        labels = {"name": _("Full name")}
        widgets = {
            "name": forms.TextInput({"autocomplete": "name"}),
            "line1": forms.TextInput({"autocomplete": "address-line1"}),
            "line2": forms.TextInput({"autocomplete": "address-line2"}),
            "city": forms.TextInput({"autocomplete": "address-level2"}),
            "region": forms.TextInput({"autocomplete": "address-level1"}),
            "postal_code": forms.TextInput({"autocomplete": "postal-code"}),
            "country": forms.Select({"autocomplete": "country"}),
        }

    @property
    def address(self) -> dict[str, str]:
        """The cleaned address alone."""
        return {name: self.cleaned_data[name] for name in self._meta.fields}


class ShipForm(forms.Form):
    """The parcel that leaves."""

    carrier = forms.CharField(label=_("Carrier"), max_length=60, required=False)
    tracking_number = forms.CharField(label=_("Tracking number"), max_length=60, required=False)


class ReasonForm(forms.Form):
    """Why somebody calls it off; nobody has to say. Actions keep the first 300 characters."""

    reason = forms.CharField(required=False)


class GiveBackForm(forms.Form):
    """Money that the seller gives back after the release."""

    amount_minor = MinorUnitsField(label=_("How much?"))
    reason = forms.CharField(label=_("Why?"), max_length=300, required=False)
    request_key = forms.CharField(max_length=60, widget=forms.HiddenInput)


class MessageForm(forms.Form):
    """Something to say."""

    body = forms.CharField(label=_("Message"), max_length=2000, widget=forms.Textarea({"rows": 2}))


class DisputeForm(forms.Form):
    """What is wrong."""

    reason = forms.ChoiceField(label=_("What is wrong?"), choices=Dispute.Reason.choices)
    statement = forms.CharField(
        label=_("Tell what happened"),
        max_length=4000,
        widget=forms.Textarea({"rows": 4}),
        help_text=_("The other side and a moderator read this. You can add photos afterwards."),
    )


def _stars(label: str) -> forms.TypedChoiceField:
    choices = [("", _("no answer")), *((number, str(number)) for number in range(5, 0, -1))]
    return forms.TypedChoiceField(label=label, coerce=int, empty_value=None, required=False, choices=choices)


class ReviewForm(forms.Form):
    """How it went; buyers are asked about each aspect, sellers about the whole."""

    rating = forms.TypedChoiceField(
        label=_("How was it?"),
        coerce=int,
        choices=[
            (5, _("5 – excellent")),
            (4, _("4 – good")),
            (3, _("3 – fair")),
            (2, _("2 – poor")),
            (1, _("1 – bad")),
        ],
    )
    described = _stars(_("The item, as described"))
    packing = _stars(_("The packing"))
    speed = _stars(_("The speed"))
    body = forms.CharField(label=_("A few words"), max_length=1000, required=False, widget=forms.Textarea({"rows": 2}))

    def __init__(self, *args: object, by_buyer: bool, **options: object) -> None:
        super().__init__(*args, **options)
        if not by_buyer:
            for name in ASPECTS:
                del self.fields[name]
