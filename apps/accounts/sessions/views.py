"""Pages: where one is signed in, and signing out one or all others."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.accounts import tokens
from apps.accounts.sessions import actions, queries


@never_cache
@login_required
@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    """Browsers and programs that are signed in."""
    context = {
        "devices": queries.devices(user=request.user, session_key=request.session.session_key),
        "programs": queries.programs(user=request.user),
    }
    return render(request, "accounts/sessions.html", context)


@login_required
@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign one browser out."""
    actions.end_session(session=queries.device_session(user=request.user, pk=pk), by=request.user)
    messages.success(request, "That device is signed out.")
    return redirect("sessions")


@login_required
@require_POST
def end_program(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Sign one program out."""
    tokens.end(queries.program(user=request.user, pk=pk), because="by its owner")
    messages.success(request, "That program is signed out.")
    return redirect("sessions")


@login_required
@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """Sign everything out but this browser."""
    ended = actions.end_other_sessions(user=request.user, keep=request.session.session_key, by=request.user)
    messages.success(request, f"Signed out elsewhere: {ended}." if ended else "You are signed in nowhere else.")
    return redirect("sessions")
