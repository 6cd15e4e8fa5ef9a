"""Forms of the seller's desk."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.errors import DomainError, InvalidInput
from apps.inventory.models import Binder
from apps.trades.selling import orders, tracking
from apps.trades.selling.labels import SHEETS
from apps.trades.selling.slips import PAPERS


class OrdersForm(forms.Form):
    """Which orders a seller looks at."""

    text = forms.CharField(label=_("Find"), max_length=80, required=False, strip=True)
    due = forms.ChoiceField(
        label=_("Due"),
        choices=[("", _("Any time")), ("soon", _("Within two days")), ("late", _("Late"))],
        required=False,
    )
    to = forms.ChoiceField(
        label=_("To"), choices=[("", _("Anywhere")), ("home", _("My country")), ("abroad", _("Abroad"))], required=False
    )
    binder = forms.ModelChoiceField(Binder.objects.none(), label=_("From binder"), required=False, empty_label=_("Any"))
    tracking = forms.BooleanField(label=_("With tracking only"), required=False)

    def __init__(self, *args: object, seller: User, **options: object) -> None:
        super().__init__(*args, **options)
        self.fields["binder"].queryset = orders.binders(seller=seller)

    @property
    def asked(self) -> orders.Asked:
        """The filters; what cannot be used filters nothing."""
        self.is_valid()
        said = dict(self.cleaned_data)
        binder = said.pop("binder", None)
        return orders.Asked(**said, binder=binder.pk if binder else None)


class ChosenForm(forms.Form):
    """Which orders are put on paper, and on which."""

    order = forms.TypedMultipleChoiceField(coerce=UUID, required=False)
    paper = forms.ChoiceField(choices=[(each, each) for each in PAPERS], required=False)
    sheet = forms.ChoiceField(choices=[(each, sheet.name) for each, sheet in SHEETS.items()], required=False)
    skip = forms.IntegerField(min_value=0, max_value=100, required=False)

    def __init__(self, said: object) -> None:
        super().__init__(said)
        self.fields["order"].valid_value = lambda value: True

    def checked(self) -> dict[str, object]:
        """What was chosen. Raises InvalidInput."""
        if not self.is_valid():
            raise InvalidInput("These orders or this paper are not known.", fields=sorted(self.errors))
        said = self.cleaned_data
        return {
            "ids": said["order"], "paper": said["paper"] or "a4", "sheet": said["sheet"] or "4x6", "skip": said["skip"] or 0,
        }  # fmt: skip


class TrackingForm(forms.Form):
    """Parcels of many orders: pasted, or a file."""

    text = forms.CharField(
        label=_("Order, carrier, parcel number"),
        required=False,
        max_length=tracking.MOST_LINES * 200,
        strip=False,
        widget=forms.Textarea({"rows": 10, "spellcheck": "false"}),
        help_text=_("One order a line. The carrier may be left out; most numbers tell it."),
    )
    upload = forms.FileField(
        label=_("Or a CSV file"), required=False, widget=forms.ClearableFileInput({"accept": ".csv,.txt,text/csv"})
    )

    def clean(self) -> dict[str, object]:
        """The lines, as `lines`."""
        cleaned = super().clean()
        try:
            upload = cleaned.get("upload")
            text = tracking.text_of(upload) if upload else cleaned.get("text", "")
            cleaned["lines"] = tracking.lines_in(text)
        except DomainError as error:
            self.add_error("upload" if cleaned.get("upload") else "text", error.message)
        return cleaned
