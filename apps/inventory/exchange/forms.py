"""Forms of the pages that import and export."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.catalog.models import Finish
from apps.core.conditions import Condition
from apps.inventory.exchange.formats import FORMATS
from apps.inventory.exchange.layouts import FIELDS
from apps.inventory.exchange.models import ImportLine, InventoryImport
from apps.inventory.exchange.vocabulary import NAMES
from apps.inventory.forms import FilterForm
from apps.inventory.models import Binder

_CURRENCIES = ("USD", "EUR", "GBP", "JPY", "CAD", "AUD", "CHF")
_FINISHES = [(finish.value, finish.label) for finish in Finish]


class UploadForm(forms.Form):
    """A file to import. `request_key` makes a double click send once."""

    file = forms.FileField(
        label=_("Your file"),
        help_text=_("The CSV or text file that your app exports. You see what we make of it before anything is added."),
        widget=forms.ClearableFileInput({"accept": ".csv,.txt,.tsv,text/csv,text/plain"}),
    )
    slug = forms.ChoiceField(
        label=_("Where it comes from"),
        required=False,
        choices=[("", _("Find out by the columns")), *((each.slug, each.name) for each in FORMATS.values())],
    )
    request_key = forms.CharField(max_length=80, required=False, widget=forms.HiddenInput)


class MappingForm(forms.Form):
    """What each column says, and what holds where a line says nothing."""

    condition = forms.ChoiceField(label=_("Condition where none is said"), choices=Condition.choices, initial="NM")
    language = forms.ChoiceField(label=_("Language where none is said"), choices=list(NAMES.items()), initial="en")
    currency = forms.ChoiceField(label=_("Currency where none is said"), choices=[(code, code) for code in _CURRENCIES])
    binder = forms.ModelChoiceField(
        Binder.objects.none(), label=_("Binder where none is said"), required=False, empty_label=_("None")
    )
    keeps_apart = forms.BooleanField(
        label=_("Keep every line apart"),
        required=False,
        help_text=_("Else lines that say the same of a card become one item, and join an equal one that you have."),
    )
    adds_at_once = forms.BooleanField(
        label=_("Add what is matched at once"),
        required=False,
        help_text=_("Without looking at the report first. The whole import can be undone."),
    )

    def __init__(self, *args: object, owner: User, origin: InventoryImport, **options: object) -> None:
        super().__init__(*args, **options)
        self.fields["binder"].queryset = Binder.objects.filter(owner=owner)
        self.fields["currency"].initial = origin.currency
        choices = [("", _("Leave out")), *FIELDS.items()]
        self.columns = []
        for n, (heading, says) in enumerate(zip(origin.columns, origin.mapping, strict=True)):
            name = f"column_{n}"
            self.fields[name] = forms.ChoiceField(
                label=heading or f"Column {n + 1}", required=False, choices=choices, initial=says
            )
            self.columns.append(self[name])

    @property
    def options(self) -> list[forms.BoundField]:
        """The fields that are no columns."""
        return [self[name] for name in self.base_fields]

    def mapping(self) -> list[str]:
        """The field of each column, as chosen."""
        return [self.cleaned_data[column.name] for column in self.columns]


class CorrectionForm(forms.Form):
    """What a line should say. Blank takes a field out."""

    name = forms.CharField(label=_("Card name"), required=False, max_length=200)
    set = forms.CharField(label=_("Set (name or code)"), required=False, max_length=160)
    number = forms.CharField(label=_("Collector number"), required=False, max_length=40)
    finish = forms.ChoiceField(label=_("Finish"), required=False, choices=[("", _("Not said")), *_FINISHES])
    language = forms.ChoiceField(label=_("Language"), required=False, choices=[("", _("Not said")), *NAMES.items()])
    condition = forms.ChoiceField(
        label=_("Condition"), required=False, choices=[("", _("Not said")), *Condition.choices]
    )
    grade = forms.CharField(label=_("Grade"), required=False, max_length=20, help_text=_("For example PSA 9.5"))
    quantity = forms.IntegerField(label=_("Copies"), required=False, min_value=1)
    cost = forms.CharField(label=_("Cost of one copy"), required=False, max_length=20)
    acquired_on = forms.CharField(label=_("Acquired on"), required=False, max_length=40)
    notes = forms.CharField(label=_("Notes"), required=False, max_length=500)


class AnswerForm(forms.Form):
    """One answer to one question: which printing, which word, or that it is left out."""

    do = forms.ChoiceField(choices=[(each, each) for each in ("pick", "correct", "dismiss", "again")])
    variant = forms.UUIDField(required=False)
    field = forms.ChoiceField(required=False, choices=[("", ""), *FIELDS.items()])
    word = forms.CharField(required=False, max_length=500)
    alone = forms.BooleanField(required=False)


class LinesForm(forms.Form):
    """Which lines of the report are shown."""

    show = forms.ChoiceField(required=False, choices=[("", ""), ("all", "all"), *ImportLine.State.choices])


class ExportForm(FilterForm):
    """Which items, and into whose format."""

    layout = forms.ChoiceField(label=_("Format"), choices=[(each.slug, each.name) for each in FORMATS.values()])

    field_order = ("layout", "q", "binder", "condition")

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)
        del self.fields["sort"], self.fields["page"]
