"""The moderators' pages for reports: the queue, one report with what is known of the member, the decision."""

import uuid

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextareaWidget

from apps.accounts.restrictions.models import From
from apps.accounts.standing.queries import standing_of
from apps.core.errors import DomainError
from apps.core.forms import tell
from apps.core.pagination import numbered
from apps.moderation import bulk
from apps.trades.reports import actions, queries
from apps.trades.reports.models import WAITING, Report, ReportState

PAGE_SIZE = 50


class ReportDecisionForm(forms.Form):
    """Whether the report is right, and why. Both sides read the reason."""

    uphold = forms.ChoiceField(
        label=_("Decision"),
        choices=[("yes", _("Uphold: take it down")), ("no", _("Dismiss: it stays"))],
        widget=UnfoldAdminRadioSelectWidget,
    )
    decision = forms.CharField(
        label=_("Reason"), max_length=1000, widget=UnfoldAdminTextareaWidget({"rows": 4}), help_text=_("Both read it.")
    )
    kept_from = forms.MultipleChoiceField(
        label=_("Keep the member from"),
        choices=From.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Where a report on a member is upheld. The member reads why, and until when."),
    )
    days = forms.TypedChoiceField(
        label=_("For"),
        coerce=int,
        choices=[(7, _("7 days")), (14, _("14 days")), (30, _("30 days")), (90, _("90 days")), (365, _("a year"))],
        required=False,
        empty_value=7,
        widget=UnfoldAdminRadioSelectWidget,
        initial=7,
    )

    def __init__(self, *args: object, restricts: bool, **options: object) -> None:
        super().__init__(*args, **options)
        if not restricts:
            del self.fields["kept_from"], self.fields["days"]


@require_http_methods(["GET", "HEAD", "POST"])
def reports(request: HttpRequest) -> HttpResponse:
    """Reports and appeals that wait, the oldest first; several can be decided at once."""
    limit, offset = numbered(request, size=PAGE_SIZE)
    page = queries.waiting(limit=limit, offset=offset)
    choices = [("yes", _("Uphold: take them down")), ("no", _("Dismiss: they stay"))]
    form = bulk.BulkForm(request.POST or None, rows=page.rows, decisions=choices, help_text=_("Both sides read it."))
    if request.method == "POST" and form.is_valid():

        def step(row: Report, uphold: bool, reason: str) -> None:
            actions.decide(report=row, uphold=uphold, decision=reason, by=request.user)

        bulk.decide(request, form, page.rows, step)
        return redirect(request.get_full_path())
    context = {**admin.site.each_context(request), "title": "Reports", "page": page, "form": form}
    return render(request, "moderation/reports.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One report on one page; decide it, or its appeal."""
    found = queries.for_moderator(pk=pk)
    restricts = found.kind == Report.Kind.MEMBER and found.state == ReportState.OPEN
    form = ReportDecisionForm(request.POST or None, restricts=restricts)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        told["uphold"] = told["uphold"] == "yes"
        try:
            actions.decide(report=found, by=request.user, **told)
        except DomainError as error:
            tell(form, error)
        else:
            messages.success(request, "Decided. Both see it under their reports.")
            return redirect("admin:report", pk=pk)
    context = {
        **admin.site.each_context(request),
        "title": str(found),
        "report": found,
        "is_waiting": found.state in WAITING,
        "others": queries.others_about(found),
        "standing": standing_of(found.subject_id),
        "form": form,
    }
    return render(request, "moderation/report.html", context, status=422 if form.errors else 200)
