"""The moderators' pages inside the admin: the queue and the case."""

import uuid

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.errors import DomainError
from apps.escrow import actions as escrow
from apps.moderation import queries
from apps.moderation.forms import DecisionForm


def _context(request: HttpRequest, **more: object) -> dict[str, object]:
    return {**admin.site.each_context(request), **more}


@require_safe
def cases(request: HttpRequest) -> HttpResponse:
    """Open cases by urgency."""
    return render(request, "moderation/cases.html", _context(request, title="Open cases", cases=queries.open_cases()))


@require_http_methods(["GET", "HEAD", "POST"])
def case(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The case on one page: evidence of both sides, clock, ledger, history; decide."""
    found = queries.case_file(pk=pk)
    form = DecisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            escrow.decide_dispute(dispute=found.dispute, by=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, "Decided. Both sides are told, and the money moves.")
            return redirect("admin:case", pk=pk)
    is_open = found.dispute.state in {"open", "answered"}
    context = _context(request, title=f"Case: {found.hold.description}", case=found, form=form, is_open=is_open)
    return render(request, "moderation/case.html", context, status=422 if form.errors else 200)
