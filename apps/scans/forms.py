"""Forms of scanning, of the review, and of the admin's decisions about versions."""

from __future__ import annotations

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.catalog.models import Category
from apps.core.conditions import Condition
from apps.scans.models import ModelVersion
from apps.scans.version_steps import STEPS, VersionStep

NONE_OF_THESE = "none"


class PhotosInput(forms.ClearableFileInput):
    """A file input that takes several."""

    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """One or many photos. Their content, an empty one's too, is checked one by one by core.images."""

    widget = PhotosInput({"accept": "image/jpeg,image/png,image/webp"})

    def clean(self, value: object, initial: object = None) -> list[object]:
        """Every file, checked like one."""
        single = super().clean
        if isinstance(value, list | tuple) and value:
            return [single(each, initial) for each in value]
        return [single(value, initial)]


class ScanForm(forms.Form):
    """What to look at."""

    photos = PhotosField(label=_("Photos of your cards"), allow_empty_file=True)
    game = forms.ModelChoiceField(
        Category.objects.none(),
        label=_("Which game?"),
        required=False,
        to_field_name="game",
        empty_label=_("Any of them"),
        help_text=_("Saying it makes the answer surer."),
    )

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)
        self.fields["photos"].error_messages["required"] = _("Choose at least one photo.")
        self.fields["game"].queryset = Category.objects.exclude(game="").order_by("name")


class CardForm(forms.Form):
    """What the member makes of one detected card; fields are prefixed with the card's id in the review's form."""

    variant = forms.CharField(required=False, max_length=36)
    condition = forms.ChoiceField(choices=Condition.choices, required=False)
    quantity = forms.IntegerField(min_value=1, max_value=999, required=False)
    dismissed = forms.BooleanField(required=False)

    def clean_variant(self) -> uuid.UUID | str | None:
        """The printing's id, NONE_OF_THESE, or None where nothing was said."""
        told = self.cleaned_data["variant"]
        if told in {"", NONE_OF_THESE}:
            return told or None
        try:
            return uuid.UUID(told)
        except ValueError:
            raise forms.ValidationError(_("This is not a printing.")) from None

    @property
    def problem(self) -> str:
        """Every error in one line."""
        return " ".join(str(error) for errors in self.errors.values() for error in errors)


def card_forms(post: dict[str, str], cards: list[uuid.UUID]) -> dict[uuid.UUID, CardForm]:
    """One form per card that the request says something about."""
    return {pk: CardForm(post, prefix=str(pk)) for pk in cards if f"{pk}-condition" in post}


class VersionStepForm(forms.Form):
    """What an admin does with a version of recognition, of what its state allows."""

    step = forms.CharField()
    share = forms.IntegerField(label=_("Share of scans in percent"), min_value=0, max_value=100, required=False)
    reason = forms.CharField(label=_("Why (for the audit trail)"), max_length=200, required=False)

    def __init__(self, *args: object, version: ModelVersion, **kwargs: object) -> None:
        super().__init__(*args, initial={"share": version.share}, **kwargs)
        self.version = version
        self.offered = [step for step in STEPS if step.fits(version)]

    def clean_step(self) -> VersionStep:
        """One of those that are offered."""
        chosen = next((step for step in self.offered if step.name == self.cleaned_data["step"]), None)
        if chosen is None:
            raise forms.ValidationError(_("That is not possible any more: look again at how the version stands."))
        return chosen

    def clean(self) -> dict[str, object]:
        """A share where one is set."""
        cleaned: dict[str, object] = super().clean()
        step = cleaned.get("step")
        if step is not None and step.name == "share" and cleaned.get("share") is None and "share" not in self.errors:
            self.add_error("share", _("The share is a whole number of percent from 0 to 100."))
        return cleaned

    def carry_out(self, *, by: User) -> str:
        """Do it; returns what to say. Raises DomainError."""
        step: VersionStep = self.cleaned_data["step"]
        given = {"share": self.cleaned_data["share"]} if step.name == "share" else {}
        row = step.action(version=self.version, by=by, reason=self.cleaned_data["reason"], **given)
        return step.told.format(version=row, share=row.share)
