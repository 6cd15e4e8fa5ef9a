"""The steps of a room, of a sale or of a swap, as views: find it for who asks, do the step, go back and say how it went."""

from __future__ import annotations

import uuid
from collections.abc import Callable
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

View = Callable[[HttpRequest, uuid.UUID], HttpResponse]


@dataclass(frozen=True)
class Room:
    """Where steps are taken.

    named: what actions call it, `trade` or `swap`; find(pk, reader): it, or NotFound; show(request, pk, status, **forms):
    its page, with forms in place of its empty ones.
    """

    named: str
    find: Callable[..., Any]
    show: Callable[..., HttpResponse]

    def step(
        self,
        act: Callable[..., object],
        done: str,
        *,
        does: str,
        form: type[Form] | None = None,
        shown_as: str = "",
        at: str = "",
    ) -> View:
        """A view that does act(<named>, by, **what the form says), says `done` and goes back to the room, to `at` in it.

        does: the view's docstring; shown_as: what the room calls the form, with what is wrong said beside it.
        """  # fmt: skip

        @login_required
        @require_POST
        def view(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
            found = self.find(pk=pk, reader=request.user)
            filled = form(request.POST, request.FILES) if form else None
            if filled is not None and not filled.is_valid():
                return self.show(request, pk, status=422, **{shown_as: filled})
            said = filled.cleaned_data if filled is not None else {}
            doing = partial(act, **{self.named: found}, by=request.user, **said)
            return self.do(request, found, doing, done, form=filled, shown_as=shown_as, at=at)

        view.__doc__ = does
        return view

    def do(
        self,
        request: HttpRequest,
        found: Any,
        act: Callable[[], object],
        done: str,
        *,
        form: Form | None = None,
        shown_as: str = "",
        at: str = "",
    ) -> HttpResponse:
        """Do a step and go back to the room; where it is refused the room says why and shows what is."""  # fmt: skip
        try:
            act()
        except (NotFound, NotYours):
            raise
        except (InvalidInput, TooLarge, UnsupportedType) as error:
            if form is None:
                raise
            tell(form, error)
            return self.show(request, found.pk, status=422, **{shown_as: form})
        except DomainError as error:
            messages.error(request, error.message)
        else:
            if done:
                messages.success(request, done)
        return redirect(f"{found.get_absolute_url()}{at}")
