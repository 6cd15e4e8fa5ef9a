"""Forms of wants."""

from __future__ import annotations

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from apps.catalog.models import Finish
from apps.core.conditions import Condition
from apps.core.errors import DomainError
from apps.core.forms import MinorUnitsField
from apps.inventory.exchange.files import encoding_of
from apps.inventory.exchange.vocabulary import NAMES

LONGEST_TEXT = 200_000
LONGEST_FILE = 1 << 20


class ListForm(forms.Form):
    """A list to begin."""

    name = forms.CharField(label=_("Name of the list"), max_length=60)
    is_public = forms.BooleanField(label=_("Other members may see it"), required=False)


class LinesForm(forms.Form):
    """Cards to look for, and what will do."""

    text = forms.CharField(
        label=_("Cards, one a line"),
        max_length=LONGEST_TEXT,
        strip=False,
        required=False,
        widget=forms.Textarea({"rows": 8, "spellcheck": "false"}),
        help_text=_("“4 Lightning Bolt (M10) 146”, “2x Charizard ex”, a deck list, or an export of your app."),
    )
    upload = forms.FileField(
        label=_("Or a file: a CSV export or a list as text"),
        required=False,
        widget=forms.FileInput({"accept": ".csv,.txt,.tsv,.dek,text/csv,text/plain"}),
    )
    any_printing = forms.BooleanField(
        label=_("Any printing will do where a line names no set, later ones too"), required=False
    )
    conditions = forms.MultipleChoiceField(
        label=_("Conditions that will do; none for any"),
        choices=Condition.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages that will do; none for any"),
        choices=list(NAMES.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    finishes = forms.MultipleChoiceField(
        label=_("Finishes that will do; none for any"),
        choices=Finish.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    most_minor = MinorUnitsField(required=False)

    def __init__(self, *args: object, currency: str = "USD", **options: object) -> None:
        super().__init__(*args, **options)
        _pay_in(self, currency)

    def clean(self) -> dict[str, object]:
        """The file's text goes before what was typed; something has to be there."""
        told = super().clean()
        upload = told.pop("upload", None)
        if upload is not None:
            told["text"] = self._text_of(upload)
        if not self.errors and not str(told.get("text", "")).strip():
            self.add_error("text", _("Write down at least one card, or choose a file."))
        return told

    def _text_of(self, upload: UploadedFile) -> str:
        if upload.size > LONGEST_FILE:
            self.add_error("upload", _("A list has at most 1 MB."))
            return ""
        try:
            encoding = encoding_of(upload)
        except DomainError as error:
            self.add_error("upload", error.message)
            return ""
        upload.seek(0)
        text = upload.read().decode(encoding, errors="replace")
        if len(text) > LONGEST_TEXT:
            self.add_error("upload", _("A list has at most 200,000 characters."))
        return text


def _pay_in(form: forms.Form, currency: str) -> None:
    """The most that is paid is told in this currency."""
    field = form.fields["most_minor"]
    field.currency = currency
    field.label = _("Most you pay for one copy, in %(currency)s") % {"currency": currency}


class WantForm(forms.Form):
    """How many, for how much, and whether any printing will do."""

    quantity = forms.IntegerField(min_value=1, max_value=9999)
    most_minor = MinorUnitsField(required=False)
    any_printing = forms.BooleanField(required=False)

    def __init__(self, *args: object, currency: str, **options: object) -> None:
        super().__init__(*args, **options)
        _pay_in(self, currency)
