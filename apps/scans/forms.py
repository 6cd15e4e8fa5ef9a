"""Forms of scanning and of the review."""

from __future__ import annotations

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.catalog.models import Category
from apps.core.conditions import Condition

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
