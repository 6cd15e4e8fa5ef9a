"""Pages of the block list: the list itself, and blocking or unblocking one member."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts import queries as accounts
from apps.accounts.blocks import actions, queries
from apps.core.errors import Conflict, InvalidInput
from apps.core.pagination import numbered

PAGE_SIZE = 50


@login_required
@require_safe
def blocks(request: HttpRequest) -> HttpResponse:
    """Whom the member has blocked."""
    limit, offset = numbered(request, size=PAGE_SIZE)
    page = queries.blocks_of(owner=request.user, limit=limit, offset=offset)
    return render(request, "accounts/blocks.html", {"page": page})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def block(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """What blocking this member does, and the button; or the way back."""
    other = accounts.member(pk)
    if request.method == "POST":
        try:
            if request.POST.get("blocked") == "no":
                actions.unblock(other_id=pk, by=request.user)
                messages.success(request, f"{other} is no longer blocked.")
            else:
                actions.block(other=other, by=request.user)
                messages.success(request, f"{other} is blocked. Open offers between you two end.")
        except (Conflict, InvalidInput) as error:
            messages.error(request, error.message)
        return redirect("blocks")
    is_blocked = queries.has_blocked(owner=request.user, other_id=pk)
    return render(request, "accounts/block.html", {"member": other, "is_blocked": is_blocked})
