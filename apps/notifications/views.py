"""Pages of notifications: the centre, how one wants to be told, stopping e-mail by its link."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from apps.core.errors import DomainError
from apps.core.forms import tell
from apps.core.pagination import numbered
from apps.notifications import actions, queries
from apps.notifications.forms import CADENCES, MannerForm, choices_posted
from apps.notifications.kinds import AREAS, KINDS
from apps.notifications.mail.unsubscribing import read_token
from apps.notifications.push import vapid

PAGE = 30


@never_cache
@login_required
@require_safe
def centre(request: HttpRequest) -> HttpResponse:
    """What the member was told, alike ones as one."""
    unread, area = request.GET.get("show") == "unread", request.GET.get("about", "")
    limit, offset = numbered(request, size=PAGE)
    page = queries.groups_page(owner=request.user, unread=unread, area=area, limit=limit, offset=offset)
    context = {
        "page": page,
        "areas": AREAS,
        "area": area if area in AREAS else "",
        "unread_only": unread,
        "kinds": KINDS,
    }
    template = (
        "notifications/partials/list.html" if request.htmx and not request.htmx.boosted else "notifications/centre.html"
    )
    return render(request, template, context)


@never_cache
@login_required
@require_GET
def open_one(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Follow a notification to what it is about; it is read now, with those alike."""
    found = queries.notification_for(owner=request.user, pk=pk)
    actions.mark_read(by=request.user, only=[found.pk])
    return redirect(found.url or "notifications")


@login_required
@require_POST
def read(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Mark one and those alike as read, or put it back among the unread."""
    found = queries.notification_for(owner=request.user, pk=pk)
    if request.POST.get("unread"):
        actions.mark_unread(notification=found, by=request.user)
    else:
        actions.mark_read(by=request.user, alike=found)
    return _back(request)


@login_required
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark everything as read, or everything of one area."""
    count = actions.mark_read(by=request.user, area=request.POST.get("about", ""))
    messages.success(request, f"{count} marked as read." if count else "Nothing was unread.")
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    """To the list as it was filtered; htmx gets it anew."""
    request.GET = request.GET.copy()
    for name in ("show", "about", "page"):
        if request.POST.get(name):
            request.GET[name] = request.POST[name]
    if request.htmx and not request.htmx.boosted:
        request.method = "GET"
        return centre(request)
    query = request.GET.urlencode()
    return redirect("/notifications/" + (f"?{query}" if query else ""))


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """How one wants to be told: zone and quiet hours, each kind's channels, devices."""
    manner = queries.manner_of(request.user)
    chosen = queries.choices_of(request.user)
    form = MannerForm(request.POST or None, manner=manner)
    if request.method == "POST" and form.is_valid():
        try:
            told = choices_posted(request.POST, chosen)
            actions.change_ways(by=request.user, changes=form.cleaned_data, choices=told)
        except DomainError as error:
            tell(form, error)
        else:
            messages.success(request, "Saved.")
            return redirect("notification-settings")
    context = {
        "form": form, "areas": queries.by_area(chosen), "cadences": CADENCES, "devices": queries.devices_of(request.user),
        "push_key": vapid.public_key(), "suppression": queries.suppression_of(request.user),
    }  # fmt: skip
    return render(request, "notifications/settings.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def remove_device(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Send no more push messages to a browser."""
    actions.forget_device(device=queries.device_for(owner=request.user, pk=pk), by=request.user)
    messages.success(request, "That browser gets no more messages.")
    return redirect("notification-settings")


@login_required
@require_POST
def try_address_again(request: HttpRequest) -> HttpResponse:
    """Write again to an address that did not take mail."""
    try:
        actions.try_address_again(by=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "We write to your address again.")
    return redirect("notification-settings")


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Stop e-mail by the link in it. Looking changes nothing: mail scanners follow links. A POST does it (RFC 8058).

    The token is the proof, so that no other is asked for; it can only stop e-mail.
    """
    owner, kind = read_token(token)
    label = KINDS[kind].label if kind else ""
    kept: list[str] = []
    if request.method == "POST":
        kept = actions.stop_mail(owner=owner, kind="" if request.POST.get("all") else kind)
    context = {
        "token": token,
        "label": label,
        "is_done": request.method == "POST",
        "kept": kept,
        "all": request.POST.get("all"),
    }
    return render(request, "notifications/unsubscribe.html", context)
