"""The moderators' pages for what risk holds: the queue, one check with its evidence, how often each rule fires."""

import uuid

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextareaWidget

from apps.accounts.standing.queries import standing_of
from apps.core.errors import DomainError
from apps.core.forms import tell
from apps.core.pagination import numbered
from apps.escrow.models import Hold
from apps.moderation import bulk
from apps.risk import actions, queries
from apps.risk.models import Assessment
from apps.risk.rules import About

PAGE_SIZE = 50


class CheckForm(forms.Form):
    """Whether it goes on, and why. Members never read the note."""

    release = forms.ChoiceField(
        label=_("Decision"),
        choices=[("yes", _("Release: it goes on")), ("no", _("Refuse: it is undone"))],
        widget=UnfoldAdminRadioSelectWidget,
    )
    note = forms.CharField(
        label=_("Note"),
        max_length=1000,
        widget=UnfoldAdminTextareaWidget({"rows": 4}),
        help_text=_("For other moderators alone."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def checks(request: HttpRequest) -> HttpResponse:
    """What waits, the oldest first; several can be decided at once."""
    limit, offset = numbered(request, size=PAGE_SIZE)
    page = queries.waiting(limit=limit, offset=offset)
    choices = [("yes", _("Release: they go on")), ("no", _("Refuse: they are undone"))]
    told = _("For other moderators alone.")
    form = bulk.BulkForm(request.POST or None, rows=page.rows, decisions=choices, help_text=told)
    if request.method == "POST" and form.is_valid():

        def step(row: Assessment, release: bool, reason: str) -> None:
            actions.decide(assessment=row, release=release, note=reason, by=request.user)

        bulk.decide(request, form, page.rows, step)
        return redirect(request.get_full_path())
    context = {
        **admin.site.each_context(request),
        "title": "Checks",
        "page": page,
        "mode": settings.RISK_MODE,
        "form": form,
    }
    return render(request, "moderation/checks.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One check on one page: every reason with its evidence, what else is known; release or refuse."""
    found = queries.assessment(pk=pk)
    form = CheckForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        release = form.cleaned_data["release"] == "yes"
        try:
            actions.decide(assessment=found, release=release, note=form.cleaned_data["note"], by=request.user)
        except DomainError as error:
            tell(form, error)
        else:
            messages.success(request, "Released: it goes on." if release else "Refused: it is undone now.")
            return redirect("admin:check", pk=pk)
    hold = None
    if found.about == About.PAYMENT:
        hold = Hold.objects.select_related("trade", "swap_side").filter(pk=found.subject_id).first()
    context = {
        **admin.site.each_context(request),
        "title": f"Check: {found.title}",
        "check": found,
        "hold": hold,
        "is_waiting": found.state == Assessment.State.WAITING,
        "others": queries.others_of(found),
        "standing": standing_of(found.member_id),
        "other_standing": standing_of(found.other_id) if found.other_id else None,
        "form": form,
    }
    return render(request, "moderation/check.html", context, status=422 if form.errors else 200)


@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """How often each rule fired, and how often a moderator agreed."""
    context = {
        **admin.site.each_context(request),
        "title": "Rules of the checks",
        "firings": queries.firings(),
        "risk": settings.RISK,
        "mode": settings.RISK_MODE,
    }
    return render(request, "moderation/risk_rules.html", context)
