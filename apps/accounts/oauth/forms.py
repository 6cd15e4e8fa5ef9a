"""The form by which a developer registers an app."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Scope


class AppForm(forms.Form):
    """An app to register."""

    KINDS = [
        ("confidential", _("On a server, where it can keep a secret")),
        ("public", _("On a desk, a phone or in a page")),
    ]

    name = forms.CharField(max_length=60, help_text=_("Members see it when they are asked."))
    redirect_uris = forms.CharField(
        label=_("Addresses to come back to"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("One on each line: https://…, or http://127.0.0.1… for a program on a desk."),
    )
    kind = forms.ChoiceField(choices=KINDS, label=_("Where it runs"))
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=[Scope.READ],
        label=_("The most it may ask for"),
    )
