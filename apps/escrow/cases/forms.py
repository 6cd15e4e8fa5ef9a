"""Forms of a case's page."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.forms import MinorUnitsField
from apps.escrow.cases.models import Remedy
from apps.escrow.models import Hold


class AnswerForm(forms.Form):
    """The other side's answer."""

    statement = forms.CharField(label=_("Your answer"), max_length=4000, widget=forms.Textarea({"rows": 4}))


class EvidenceForm(forms.Form):
    """A photo, a PDF or a note for the case."""

    note = forms.CharField(label=_("Note"), max_length=1000, required=False)
    upload = forms.FileField(
        label=_("Photo or PDF"),
        required=False,
        help_text=_("A PDF of at most 20 pages, such as a receipt or a carrier's statement."),
        widget=forms.ClearableFileInput({"accept": "image/jpeg,image/png,image/webp,application/pdf"}),
    )

    def clean(self) -> dict[str, object]:
        """One of both."""
        cleaned = super().clean()
        if not cleaned.get("note") and not cleaned.get("upload"):
            raise forms.ValidationError(_("Add a note, a photo or a PDF."))
        return cleaned


class OfferForm(forms.Form):
    """Terms to settle by."""

    remedy = forms.ChoiceField(label=_("How to settle"))
    refund_minor = MinorUnitsField(label=_("Back to the buyer"), required=False)
    note = forms.CharField(label=_("A few words"), max_length=1000, required=False, widget=forms.Textarea({"rows": 2}))

    def __init__(self, *args: object, hold: Hold, **options: object) -> None:
        super().__init__(*args, **options)
        left_out = {Remedy.REPLACEMENT} if hold.is_led else set()
        if not hold.is_led and hold.delivered_at is None:
            left_out.add(Remedy.RETURN)
        self.fields["remedy"].choices = [(value, label) for value, label in Remedy.choices if value not in left_out]
        self.fields["refund_minor"].currency = hold.currency
        self.fields["refund_minor"].help_text = _(
            "For a part of the money; for a return, where less than all goes back."
        )


class AppealForm(forms.Form):
    """Why another moderator should look."""

    statement = forms.CharField(label=_("What was overlooked?"), max_length=4000, widget=forms.Textarea({"rows": 4}))


class ContestForm(forms.Form):
    """What is wrong with the parcel."""

    statement = forms.CharField(label=_("What is wrong?"), max_length=4000, widget=forms.Textarea({"rows": 3}))


class ParcelForm(forms.Form):
    """The parcel that goes first."""

    carrier = forms.CharField(label=_("Carrier"), max_length=60, required=False)
    tracking_number = forms.CharField(label=_("Tracking number"), max_length=60)
