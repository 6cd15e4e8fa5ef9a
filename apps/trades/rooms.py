"""The steps of a room, of a sale or of a swap, as views: find it for who asks, do the step, go back and say how it went."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from apps.core.errors import DomainError, InvalidInput, NotFound, NotYours, TooLarge, UnsupportedType
from apps.core.forms import tell
from apps.trades.forms import AnswerForm, DisputeForm, EvidenceForm, MessageForm, ShipForm

View = Callable[[HttpRequest, uuid.UUID], HttpResponse]

IN_EVERY_ROOM: dict[str, type[Form]] = {
    "ship_form": ShipForm,
    "message_form": MessageForm,
    "dispute_form": DisputeForm,
    "answer_form": AnswerForm,
    "evidence_form": EvidenceForm,
}


@dataclass(frozen=True)
class Room:
    """Where steps are taken.

    named: what actions call it, `trade` or `swap`; find(pk, reader): it, or NotFound; show(request, pk, status, **forms):
    its page, with forms in place of its empty ones; forms: the kinds of these, by the names that the page knows.
    """

    named: str
    find: Callable[..., Any]
    show: Callable[..., HttpResponse]
    forms: Mapping[str, type[Form]]

    def step(self, act: Callable[..., object], done: str, *, does: str, form: str = "", at: str = "") -> View:
        """A view that does act(<named>, by, **what the form says), says `done` and goes back to the room, to `at` in it.

        does: the view's docstring; form: one of the room's, by its name; what is wrong with it is said beside it.
        """

        @login_required
        @require_POST
        def view(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
            found = self.find(pk=pk, reader=request.user)
            filled = self.forms[form](request.POST, request.FILES) if form else None
            if filled is not None and not filled.is_valid():
                return self.show(request, pk, status=422, **{form: filled})
            doing = partial(
                act, **{self.named: found}, by=request.user, **(filled.cleaned_data if filled is not None else {})
            )
            try:
                return self.do(request, found, doing, done, at=at)
            except (InvalidInput, TooLarge, UnsupportedType) as error:
                if filled is None:
                    raise
                tell(filled, error)
                return self.show(request, pk, status=422, **{form: filled})

        view.__doc__ = does
        return view

    def empty(self) -> dict[str, Form]:
        """The room's forms with nothing in them, by their names."""
        return {name: kind() for name, kind in self.forms.items()}

    def do(
        self, request: HttpRequest, found: Any, act: Callable[[], object], done: str, *, at: str = ""
    ) -> HttpResponse:
        """Do a step and go back to the room, which says so where things have moved on. Raises what was filled in wrongly."""
        try:
            act()
        except (NotFound, NotYours, InvalidInput, TooLarge, UnsupportedType):
            raise
        except DomainError as error:
            messages.error(request, error.message)
        else:
            if done:
                messages.success(request, done)
        return redirect(f"{found.get_absolute_url()}{at}")
