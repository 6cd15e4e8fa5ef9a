"""The moderators' page of what waits for a second pair of eyes."""

import uuid

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.core.errors import DomainError
from apps.escrow.approvals import actions, queries


@require_safe
def approvals(request: HttpRequest) -> HttpResponse:
    """Everything that waits, with what would be done."""
    waiting = [(one, queries.in_words(one), one.by_id != request.user.pk) for one in queries.waiting()[:100]]
    context = {**admin.site.each_context(request), "title": "A second pair of eyes", "waiting": waiting}
    return render(request, "moderation/approvals.html", context)


@require_POST
def settle(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Agree, or turn down."""
    wanted = queries.approval(pk=pk)
    agrees = request.POST.get("answer") == "agree"
    try:
        if agrees:
            actions.approve(approval=wanted, by=request.user)
        else:
            actions.turn_down(approval=wanted, by=request.user, note=request.POST.get("note", ""))
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Carried out." if agrees else "Turned down; nothing was done.")
    return redirect("admin:approvals")
