"""What moderators do with money beside deciding cases: each asks first, is done by an action, and leaves its audit entry."""

from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.core.errors import DomainError
from apps.core.forms import MinorUnitsField, tell
from apps.core.ids import uuid7


class ReasonForm(forms.Form):
    """An amount and why."""

    amount_minor = MinorUnitsField(label=_("Amount"), widget=UnfoldAdminTextInputWidget)
    reason = forms.CharField(
        label=_("Why?"),
        max_length=1000,
        widget=UnfoldAdminTextareaWidget({"rows": 3}),
        help_text=_("It stays in the audit trail."),
    )
    request_key = forms.CharField(widget=forms.HiddenInput, max_length=60)

    def __init__(self, *args: object, currency: str, most: int, **options: object) -> None:
        super().__init__(*args, **options, initial={"amount_minor": most, "request_key": str(uuid7())})
        self.fields["amount_minor"].currency = currency


class SureForm(forms.Form):
    """Nothing but a yes."""


def ask_then(
    request: HttpRequest, form: forms.Form, act: Callable[..., str], *, title: str, words: str, submit: str, back: str
) -> HttpResponse:
    """Show the question; on POST do it and go back with what came of it. `act` returns what to say."""
    if request.method == "POST" and form.is_valid():
        try:
            said = act(**form.cleaned_data)
        except DomainError as error:
            tell(form, error)
        else:
            messages.success(request, said)
            return HttpResponseRedirect(back)
    context = {
        **admin.site.each_context(request),
        "title": title,
        "words": words,
        "form": form,
        "submit": submit,
        "back": back,
    }
    return render(request, "escrow/operate.html", context, status=422 if form.errors else 200)
