"""The moderators' pages inside the admin: the queue, the case, and the price feeds."""

import uuid

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.errors import DomainError
from apps.core.forms import tell
from apps.core.money import Money
from apps.core.pagination import numbered
from apps.escrow.approvals import actions as approvals
from apps.escrow.approvals import queries as approval_queries
from apps.escrow.approvals.models import Approval
from apps.escrow.cases import queries as case_queries
from apps.escrow.protection import queries as protection_queries
from apps.moderation import queries
from apps.moderation.forms import DecisionForm
from apps.valuations.feeds import actions as feed_actions
from apps.valuations.feeds import queries as feed_queries

PAGE_SIZE = 50
_DECIDED = "Decided. Both sides are told, and the money moves once the decision stands."
_WAITS = "Written down. It is decided when another moderator agrees: so much money takes two."


def _context(request: HttpRequest, **more: object) -> dict[str, object]:
    return {**admin.site.each_context(request), **more}


@require_safe
def cases(request: HttpRequest) -> HttpResponse:
    """Open cases by urgency."""
    limit, offset = numbered(request, size=PAGE_SIZE)
    page = queries.open_cases(limit=limit, offset=offset)
    return render(request, "moderation/cases.html", _context(request, title="Open cases", page=page))


@require_http_methods(["GET", "HEAD", "POST"])
def case(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The case on one page: evidence of both sides, clock, ledger, history; decide."""
    found = queries.case_file(pk=pk)
    form = DecisionForm(request.POST or None, hold=found.hold)
    if request.method == "POST" and not found.is_open:
        messages.error(request, "This case was settled in the meantime; nothing was changed.")
        return redirect("admin:case", pk=pk)
    if request.method == "POST" and form.is_valid():
        try:
            waits = approvals.do(
                kind=Approval.Kind.DECISION,
                subject_id=found.dispute.pk,
                money=Money(found.hold.amount_minor, found.hold.currency),
                given=form.cleaned_data,
                by=request.user,
            )
        except DomainError as error:
            tell(form, error)
        else:
            messages.success(request, _WAITS if waits else _DECIDED)
            return redirect("admin:case", pk=pk)
    wish = approval_queries.about(kind=Approval.Kind.DECISION, subject_id=pk)
    context = _context(request, title=f"Case: {found.hold.description}", case=found, form=form, wish=wish)
    return render(request, "moderation/case.html", context, status=422 if form.errors else 200)


@require_safe
def case_figures(request: HttpRequest) -> HttpResponse:
    """How cases go, altogether and by seller."""
    context = _context(
        request, title="Figures of cases", figures=case_queries.figures(), sellers=case_queries.by_seller()
    )
    return render(request, "moderation/case_figures.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def feeds(request: HttpRequest) -> HttpResponse:
    """Every feed with its last run; start one."""
    if request.method == "POST":
        try:
            feed = feed_actions.feed_named(request.POST.get("feed", ""))
            feed_actions.start(feed=feed, by=request.user)
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, f"{feed.slug} is queued: its run shows here once a worker takes it.")
        return redirect("admin:feeds")
    context = _context(request, title="Price feeds", feeds=feed_queries.statuses())
    return render(request, "moderation/feeds.html", context)


@require_safe
def protection(request: HttpRequest) -> HttpResponse:
    """What was held, released, given back and lost, as of now."""
    context = _context(request, title="Purchase protection", months=protection_queries.figures())
    return render(request, "moderation/protection.html", context)
