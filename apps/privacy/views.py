"""Pages: one's data (export, deletion), and what CardVault keeps, for everybody."""

import uuid

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.core.errors import DomainError, NotFound
from apps.privacy import actions, queries
from apps.privacy.models import DataExport


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept about people, why, and for how long."""
    context = {"kept": queries.kept(), "times": queries.times(), "grace": actions.ERASURE_GRACE.days}
    return render(request, "privacy/privacy.html", context)


@never_cache
@require_safe
@login_required
@reauthentication_required
def my_data(request: HttpRequest) -> HttpResponse:
    """Export and deletion of the own account."""
    context = {"overview": queries.overview(member=request.user), "grace": actions.ERASURE_GRACE.days}
    return render(request, "privacy/my_data.html", context)


@require_POST
@login_required
@reauthentication_required
def ask_export(request: HttpRequest) -> HttpResponse:
    """Begin an export."""
    try:
        actions.ask_export(by=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Your data is being put together. This page says when it is ready.")
    return redirect("my-data")


@never_cache
@login_required
@require_safe
def download(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The archive, behind a fresh password."""
    return _sent(request, queries.ready_export(member=request.user, pk=pk))


@reauthentication_required
def _sent(request: HttpRequest, export: DataExport) -> HttpResponse:
    try:
        stored = default_storage.open(export.file)
    except OSError:
        raise NotFound from None
    name = f"cardvault-{export.finished_at:%Y-%m-%d}.zip"
    return FileResponse(stored, as_attachment=True, filename=name, content_type="application/zip")


@require_POST
@login_required
@reauthentication_required
def ask_erasure(request: HttpRequest) -> HttpResponse:
    """Begin the fourteen days after which the account is deleted."""
    if request.POST.get("confirm") != "delete":
        messages.error(request, "Nothing was changed: tick the box to confirm that you want your account deleted.")
        return redirect("my-data")
    try:
        actions.ask_erasure(by=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Your account will be deleted. Until then you can take it back here.")
    return redirect("my-data")


@login_required
@require_POST
def cancel_erasure(request: HttpRequest) -> HttpResponse:
    """Keep the account."""
    try:
        actions.cancel_erasure(by=request.user)
    except NotFound:
        messages.info(request, "Nothing was to be deleted: your account stays.")
    else:
        messages.success(request, "Your account stays. What was for sale is not listed again by itself.")
    return redirect("my-data")
