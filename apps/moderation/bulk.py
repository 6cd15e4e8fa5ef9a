"""Deciding several things of a queue at once, with one reason that each of them keeps in its trail."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextareaWidget

from apps.core.errors import DomainError

Row = TypeVar("Row")


class BulkForm(forms.Form):
    """What becomes of the chosen ones, and why."""

    chosen = forms.TypedMultipleChoiceField(
        coerce=uuid.UUID, error_messages={"required": _("Tick at least one line of the table.")}
    )
    decision = forms.ChoiceField(label=_("Decide the ticked ones"), widget=UnfoldAdminRadioSelectWidget)
    reason = forms.CharField(label=_("Reason"), max_length=1000, widget=UnfoldAdminTextareaWidget({"rows": 2}))

    def __init__(
        self, *args: Any, rows: Sequence[Any], decisions: list[tuple[str, Any]], help_text: Any, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.fields["chosen"].choices = [(str(row.pk), str(row)) for row in rows]  # type: ignore[attr-defined]
        self.fields["decision"].choices = decisions  # type: ignore[attr-defined]
        self.fields["reason"].help_text = help_text


def decide(request: HttpRequest, form: BulkForm, rows: Sequence[Row], step: Callable[[Row, bool, str], object]) -> None:
    """Take the step for each chosen row, each in its own transaction; what cannot be decided is said and stops no other.

    step: row, whether the decision is yes, reason.
    """
    wanted, done = set(form.cleaned_data["chosen"]), 0
    for row in rows:
        if row.pk not in wanted:  # type: ignore[attr-defined]
            continue
        try:
            step(row, form.cleaned_data["decision"] == "yes", form.cleaned_data["reason"])
        except DomainError as error:
            messages.error(request, f"{row}: {error.message}")
        else:
            done += 1
    if done:
        messages.success(request, f"Decided: {done}.")
