"""Pages of reports for members: report something, see what came of it, appeal."""

import uuid

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.errors import Conflict, InvalidInput
from apps.core.forms import tell
from apps.core.pagination import numbered
from apps.trades.reports import actions, queries
from apps.trades.reports.models import Report

PAGE_SIZE = 30


class ReportForm(forms.Form):
    """What is wrong."""

    reason = forms.ChoiceField(label=_("What is wrong?"), choices=Report.Reason.choices)
    statement = forms.CharField(
        label=_("Tell what you saw"),
        max_length=1000,
        widget=forms.Textarea({"rows": 4}),
        help_text=_("Moderators read this. Who is reported is not told by whom."),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, kind: str, pk: uuid.UUID) -> HttpResponse:
    """Report a listing, a member or a review."""
    subject, title = actions.described(kind=kind, target_id=pk)
    form = ReportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.report(kind=kind, target_id=pk, by=request.user, **form.cleaned_data)
        except (Conflict, InvalidInput) as error:
            tell(form, error)
        else:
            messages.success(request, "Thank you. A moderator looks at it.")
            return redirect("reports")
    context = {"form": form, "kind": Report.Kind(kind).label, "title": title, "subject": subject}
    return render(request, "reports/report.html", context, status=422 if form.errors else 200)


@login_required
@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """What the member reported, and what was decided about them."""
    limit, offset = numbered(request, size=PAGE_SIZE)
    context = {
        "page": queries.made_by(member=request.user, limit=limit, offset=offset),
        "about_me": queries.upheld_about(member=request.user),
    }
    return render(request, "reports/reports.html", context)


@login_required
@require_POST
def appeal(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Object to a decision."""
    found = queries.report_about(member=request.user, pk=pk)
    try:
        actions.appeal(report=found, statement=request.POST.get("statement", ""), by=request.user)
    except (Conflict, InvalidInput) as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Your appeal is with the moderators. Their next decision is the last.")
    return redirect("reports")
