"""Pages of endpoints: the list, one with its log, one message with its tries."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.errors import DomainError
from apps.core.forms import tell
from apps.core.pagination import numbered
from apps.notifications.forms import EndpointForm, RangeForm
from apps.notifications.kinds import KINDS
from apps.notifications.webhooks import actions, queries

form_page = require_http_methods(["GET", "HEAD", "POST"])


@never_cache
@login_required
@form_page
def endpoints(request: HttpRequest) -> HttpResponse:
    """The member's endpoints, and a form for another; a new secret is shown on the answer to it, and never again."""
    form = EndpointForm(request.POST or None)
    made, secret = None, ""
    if request.method == "POST" and form.is_valid():
        try:
            made, secret = actions.add(by=request.user, **form.cleaned_data)
        except DomainError as error:
            tell(form, error)
        else:
            form = EndpointForm()
    context = {"form": form, "endpoints": queries.endpoints_of(request.user), "made": made, "secret": secret}
    return render(request, "notifications/webhooks/endpoints.html", context, status=422 if form.errors else 200)


@never_cache
@login_required
@form_page
def endpoint(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One endpoint: its state, its log, what it hears; the form changes it."""
    found = queries.endpoint_for(owner=request.user, pk=pk)
    now = {"url": found.url, "description": found.description, "events": found.events}
    form = EndpointForm(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change(endpoint=found, by=request.user, **form.cleaned_data)
        except DomainError as error:
            tell(form, error)
        else:
            messages.success(request, "Saved.")
            return redirect("webhook-endpoint", pk=pk)
    return _page(request, pk, form)


def _page(request: HttpRequest, pk: uuid.UUID, form: EndpointForm, secret: str = "", status: int = 200) -> HttpResponse:
    found = queries.endpoint_for(owner=request.user, pk=pk)
    limit, offset = numbered(request, size=30)
    state = request.GET.get("state", "")
    page = queries.messages_page(endpoint=found, state=state, limit=limit, offset=offset)
    context = {
        "endpoint": found, "form": form, "page": page, "secret": secret, "range_form": RangeForm(), "kinds": KINDS,
        "state": state, "has_two": found.has_two_secrets(at=timezone.now()),
    }  # fmt: skip
    return render(request, "notifications/webhooks/endpoint.html", context, status=422 if form.errors else status)


@never_cache
@login_required
@require_POST
def rotate(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """A new secret, shown on this answer alone."""
    found = queries.endpoint_for(owner=request.user, pk=pk)
    secret = actions.rotate(endpoint=found, by=request.user, at_once=bool(request.POST.get("at_once")))
    now = {"url": found.url, "description": found.description, "events": found.events}
    return _page(request, pk, EndpointForm(initial=now), secret)


@login_required
@require_POST
def step(request: HttpRequest, pk: uuid.UUID, what: str) -> HttpResponse:
    """Pause, go on, try out, replay a stretch, remove."""
    found = queries.endpoint_for(owner=request.user, pk=pk)
    try:
        said = _STEPS[what](request, found)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, said)
    return redirect("webhooks") if what == "remove" else redirect("webhook-endpoint", pk=pk)


def _pause(request: HttpRequest, found: actions.Endpoint) -> str:
    actions.set_paused(endpoint=found, paused=True, by=request.user)
    return "Paused: messages wait until you go on."


def _resume(request: HttpRequest, found: actions.Endpoint) -> str:
    actions.set_paused(endpoint=found, paused=False, by=request.user)
    return "It goes on with what waited."


def _ping(request: HttpRequest, found: actions.Endpoint) -> str:
    actions.ping(endpoint=found, by=request.user)
    return "A ping is on its way; reload in a moment to see what came of it."


def _replay(request: HttpRequest, found: actions.Endpoint) -> str:
    form = RangeForm(request.POST)
    if not form.is_valid():
        raise actions.InvalidInput("Give both ends of the stretch.")
    asked = form.cleaned_data
    count = actions.replay_range(
        endpoint=found, by=request.user, since=asked["since"], until=asked["until"], failed_only=not asked["everything"]
    )
    return f"{count} messages are sent again." if count else "There was nothing to send again in that stretch."


def _remove(request: HttpRequest, found: actions.Endpoint) -> str:
    actions.remove(endpoint=found, by=request.user)
    return "The endpoint and its log are gone."


_STEPS = {"pause": _pause, "resume": _resume, "ping": _ping, "replay": _replay, "remove": _remove}


@never_cache
@login_required
@require_safe
def message(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One message with every try."""
    found = queries.message_for(owner=request.user, pk=pk)
    return render(request, "notifications/webhooks/message.html", {"message": found, "kinds": KINDS})


@login_required
@require_POST
def replay_one(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Send one message again."""
    found = queries.message_for(owner=request.user, pk=pk)
    actions.replay(endpoint=found.endpoint, by=request.user, message=found)
    messages.success(request, "It is sent again, under the same id.")
    return redirect("webhook-message", pk=pk)
