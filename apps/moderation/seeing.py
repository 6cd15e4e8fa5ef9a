"""Seeing the site as a member sees it, to help them: read-only, for a quarter of an hour, with a reason in the audit trail.

That nothing changes is the database's own doing: the request runs in a read-only transaction that is rolled back. Pages that
show secrets or ways in (keys, sign-in, exports) and the admin stay closed meanwhile.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.decorators import login_required
from django.db import InternalError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST
from psycopg.errors import ReadOnlySqlTransaction
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.accounts.models import User
from apps.core import audit
from apps.core.errors import NotFound, NotYours
from apps.core.problems import problem_response

SESSION_KEY = "seeing_as"
LASTS = dt.timedelta(minutes=15)
PERMISSION = "accounts.see_as"
END = "/seeing/end/"
_SAFE = ("GET", "HEAD", "OPTIONS")
_CLOSED = (
    "/accounts/",
    "/admin/",
    "/api/",
    "/me/api-keys/",
    "/me/data/",
    "/me/sessions/",
    "/me/programs/",
    "/me/apps/",
    "/apps/",
    "/offline/",
)


class OnlyLooking(NotYours):
    """Nothing is changed in somebody else's name."""

    code = "ONLY_LOOKING"
    message = (
        "You look at the site as somebody else does: nothing can be changed, and this page stays closed meanwhile."
    )


class ReasonForm(forms.Form):
    """Why; it stands in the audit trail."""

    reason = forms.CharField(
        label=_("Reason"), min_length=5, max_length=200, widget=UnfoldAdminTextInputWidget,
        help_text=_("Stands in the audit trail, e.g. the number of the member's question."),
    )  # fmt: skip


def begin(*, request: HttpRequest, member: User, reason: str) -> None:
    """See the site as this member from the next request on. Raises NotYours without the permission, or for staff."""
    if not request.user.has_perm(PERMISSION):
        raise NotYours
    if member.is_staff or member.pk == request.user.pk:
        raise NotYours("Staff are not looked at from inside.")
    until = timezone.now() + LASTS
    audit.record(action="member.seen_as", target=member, by=request.user, reason=reason, after={"until": until})
    request.session[SESSION_KEY] = {"member": str(member.pk), "until": until.timestamp()}


def seen_member(request: HttpRequest) -> User | None:
    """Whom the request's reader looks at the site as; None when nobody, when the time is over, or the role is gone."""
    said = request.session.get(SESSION_KEY)
    if not said:
        return None
    member = User.objects.filter(pk=said["member"], is_active=True).first()
    over = timezone.now().timestamp() > said["until"]
    if over or member is None or member.is_staff or not request.user.has_perm(PERMISSION):
        del request.session[SESSION_KEY]
        return None
    return member


class SeeingAs:
    """Middleware: while staff look as somebody else, `request.user` is that member and `request.seen_by` who looks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass everything on unchanged unless somebody looks."""
        has_session = settings.SESSION_COOKIE_NAME in request.COOKIES
        member = seen_member(request) if has_session else None
        if member is None or request.path == END:
            return self.get_response(request)
        if request.method not in _SAFE or request.path.startswith(_CLOSED):
            return problem_response(request, OnlyLooking())
        request.seen_by, request.user = request.user, member
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("set local transaction_read_only = on")
            response = self.get_response(request)
            transaction.set_rollback(True)
        response["Cache-Control"] = "private, no-store"
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A page that wanted to write says so in our words."""
        if isinstance(error, InternalError) and isinstance(error.__cause__, ReadOnlySqlTransaction):
            return problem_response(request, OnlyLooking())
        return None


@require_http_methods(["GET", "HEAD", "POST"])
def see_as(request: HttpRequest, pk: object) -> HttpResponse:
    """In the admin: say why, and look."""
    member = User.objects.filter(pk=pk).first()
    if member is None:
        raise NotFound
    if not request.user.has_perm(PERMISSION) or member.is_staff:
        raise NotYours
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        begin(request=request, member=member, reason=form.cleaned_data["reason"])
        return redirect("home")
    context = {**admin.site.each_context(request), "title": f"See the site as {member}", "form": form, "member": member}
    return render(request, "moderation/see_as.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """Look with one's own eyes again."""
    said = request.session.pop(SESSION_KEY, None)
    if said is None:
        return redirect("home")
    messages.success(request, "You are yourself again.")
    return redirect("admin:accounts_user_change", said["member"])
