"""Forms of the inventory pages."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.conditions import GRADES, Condition, GradeCompany
from apps.core.forms import MinorUnitsField
from apps.inventory.actions import MOST_COPIES
from apps.inventory.models import Binder
from apps.inventory.queries import SORTS


class FilterForm(forms.Form):
    """What the inventory page shows."""

    q = forms.CharField(label=_("Find in your inventory"), required=False, max_length=100)
    binder = forms.ModelChoiceField(Binder.objects.none(), label=_("Binder"), required=False, empty_label=_("All"))
    condition = forms.ChoiceField(
        label=_("Condition"), required=False, choices=[("", _("Any")), *Condition.choices, ("graded", _("Graded"))]
    )
    sort = forms.ChoiceField(
        label=_("Sort"), required=False, choices=[(name, name.replace("-", " ").capitalize()) for name in SORTS]
    )
    page = forms.IntegerField(required=False, min_value=1, max_value=10_000, widget=forms.HiddenInput)

    def __init__(self, *args: object, owner: User, **options: object) -> None:
        super().__init__(*args, **options)
        self.fields["binder"].queryset = Binder.objects.filter(owner=owner)


class ItemForm(forms.Form):
    """What an owner says of an item: how many, in which condition or grade, what it cost, where it is."""

    quantity = forms.IntegerField(label=_("Copies"), min_value=1, max_value=MOST_COPIES, initial=1)
    condition = forms.ChoiceField(
        label=_("Condition"), required=False, choices=[("", _("Graded, see below")), *Condition.choices], initial="NM"
    )
    grade_company = forms.ChoiceField(
        label=_("Graded by"), required=False, choices=[("", _("Not graded")), *GradeCompany.choices]
    )
    grade = forms.TypedChoiceField(
        label=_("Grade"),
        required=False,
        coerce=lambda text: next(g for g in GRADES if str(g) == text),
        empty_value=None,
        choices=[("", "–"), *((str(g), f"{g.normalize():f}") for g in reversed(GRADES))],
    )
    unit_cost_minor = MinorUnitsField(label=_("Cost of one copy"), required=False)
    acquired_on = forms.DateField(label=_("Acquired on"), required=False, widget=forms.DateInput({"type": "date"}))
    binder = forms.ModelChoiceField(Binder.objects.none(), label=_("Binder"), required=False, empty_label=_("None"))
    notes = forms.CharField(label=_("Notes"), required=False, max_length=500, widget=forms.Textarea({"rows": 2}))

    def __init__(self, *args: object, owner: User, **options: object) -> None:
        super().__init__(*args, **options)
        self.fields["binder"].queryset = Binder.objects.filter(owner=owner)

    def clean(self) -> dict[str, object]:
        """Either a condition or a grade with its company."""
        cleaned = super().clean()
        company, grade = cleaned.get("grade_company"), cleaned.get("grade")
        if bool(company) != (grade is not None):
            self.add_error("grade", _("Give both the grading company and the grade."))
        elif grade is None and not cleaned.get("condition"):
            self.add_error("condition", _("Choose a condition, or a grading company and grade."))
        if grade is not None:
            cleaned["condition"] = ""
        return cleaned


class AddForm(ItemForm):
    """Copies to add by hand. `request_key` makes a double click add once."""

    request_key = forms.CharField(max_length=80, required=False, widget=forms.HiddenInput)


class PhotoForm(forms.Form):
    """A picture of the owner's copy. Its content is checked by core.images."""

    photo = forms.FileField(
        label=_("Photo of your copy"), widget=forms.ClearableFileInput({"accept": "image/jpeg,image/png,image/webp"})
    )


class BinderForm(forms.Form):
    """A new binder."""

    name = forms.CharField(label=_("Name"), max_length=60)
