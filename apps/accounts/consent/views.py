"""Pages: the texts, for everybody; asking again; a member's choices and what they agreed to."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts.consent import actions, queries
from apps.accounts.consent.forms import AnswersForm
from apps.accounts.consent.models import Where
from apps.accounts.consent.texts import OPTIONAL, TEXTS, Purpose
from apps.core.errors import DomainError, NotFound


@require_safe
def legal(request: HttpRequest, purpose: str, version: str = "") -> HttpResponse:
    """A text as it is in force, or as it was."""
    text = TEXTS[Purpose(purpose)] if purpose in Purpose.values else None
    if text is None or not text.is_required or (version and version not in text.versions):
        raise NotFound
    shown = version or text.version
    context = {"text": text, "version": shown, "body": text.template(shown), "versions": text.versions[::-1]}
    context["since"] = dt.date.fromisoformat(shown)
    return render(request, "legal/page.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def agree(request: HttpRequest) -> HttpResponse:
    """What is not settled is asked before going on."""
    asked = queries.to_be_asked(member_id=request.user.pk)
    onward = request.POST.get("next") or request.GET.get("next") or "/"
    if not url_has_allowed_host_and_scheme(onward, allowed_hosts={request.get_host()}):
        onward = "/"
    if not asked:
        return redirect(onward)
    form = AnswersForm(request.POST if request.method == "POST" else None, purposes=[one.text.purpose for one in asked])
    if request.method == "POST" and form.is_valid():
        try:
            actions.answer(
                member=request.user, answers=form.answers(), where=Where.ASKED_AGAIN, versions=form.versions()
            )
        except DomainError as error:
            messages.error(request, error.message)
            return redirect(request.get_full_path())
        return redirect(onward)
    context = {"form": form, "next": onward, "is_new": not any(one.at for one in asked)}
    return render(request, "accounts/agree.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def choices(request: HttpRequest) -> HttpResponse:
    """What a member agreed to and when; what is optional is changed here at any time."""
    standings = queries.standings(member_id=request.user.pk)
    holds = {one.text.purpose.value: one.holds for one in standings}
    form = AnswersForm(request.POST if request.method == "POST" else None, purposes=list(OPTIONAL), initial=holds)
    if request.method == "POST" and form.is_valid():
        try:
            actions.answer(member=request.user, answers=form.answers(), where=Where.SETTINGS, versions=form.versions())
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, "Saved.")
        return redirect("choices")
    context = {
        "form": form,
        "boxes": [form[one.value] for one in OPTIONAL],
        "required": [one for one in standings if one.text.is_required],
        "history": queries.history(member_id=request.user.pk),
    }
    return render(request, "accounts/choices.html", context)
