"""Forms: what is asked at sign-up, when a text changed, and in the settings. No box is ticked beforehand."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest
from django.urls import reverse_lazy
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from apps.accounts.consent.texts import OPTIONAL, REQUIRED, TEXTS, Purpose

_html = lazy(format_html, str)
MISSING = _("Without this there is no account. Tick the box if you agree.")


def box(purpose: Purpose) -> forms.BooleanField:
    """One question."""
    text = TEXTS[purpose]
    label: Any = text.question
    if text.is_required:
        address = reverse_lazy("legal", args=[purpose.value])
        label = _html('{} (<a class="link" href="{}" target="_blank">{}</a>)', text.question, address, _("read it"))
    errors = {"required": MISSING}
    return forms.BooleanField(required=text.is_required, label=label, help_text=text.detail, error_messages=errors)


class SignUpForm(forms.Form):
    """What allauth's forms for a new account ask besides e-mail and password."""

    terms = box(Purpose.TERMS)
    notice = box(Purpose.NOTICE)
    photos = box(Purpose.PHOTOS)
    news = box(Purpose.NEWS)

    def signup(self, request: HttpRequest, user: Any) -> None:
        """Write the answers down, once there is an account."""
        from apps.accounts.consent.actions import answer
        from apps.accounts.consent.models import Where

        said = {one.value: True for one in (*REQUIRED, *OPTIONAL) if self.cleaned_data[one.value]}
        answer(member=user, answers=said, where=Where.SIGN_UP)


class AnswersForm(forms.Form):
    """An answer to each of some purposes, with the wording that the reader had."""

    def __init__(self, *args: Any, purposes: list[Purpose], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for one in purposes:
            self.fields[one.value] = box(one)
            self.fields[f"{one.value}_version"] = forms.CharField(
                initial=TEXTS[one].version, max_length=10, required=False, widget=forms.HiddenInput
            )

    def answers(self) -> dict[str, bool]:
        """Purpose and answer."""
        return {name: value for name, value in self.cleaned_data.items() if not name.endswith("_version")}

    def versions(self) -> dict[str, str]:
        """Which wording the reader had."""
        return {
            name.removesuffix("_version"): value
            for name, value in self.cleaned_data.items()
            if name.endswith("_version") and value
        }
