"""The gate that every request of staff passes: without a second factor there is nothing behind it."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.accounts.second_factor import SecondFactorMissing, is_missing
from apps.core.problems import problem_response

# Where staff without a second factor may still go: to make one, to sign out, and what a page is drawn with.
_OPEN_TO_STAFF = ("/accounts/", "/static/", "/healthz", "/readyz")


def staff_gate(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Staff who have no second factor yet are led to where they get one, from every page."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if (
            settings.STAFF_SECOND_FACTOR
            and settings.SESSION_COOKIE_NAME in request.COOKIES  # who has no session is not asked who they are
            and not request.path.startswith(_OPEN_TO_STAFF)
            and request.user.is_authenticated
            and is_missing(request.user)
        ):
            if request.path.startswith("/api/"):
                return problem_response(request, SecondFactorMissing())
            messages.warning(request, SecondFactorMissing.message)
            return redirect("mfa_index")
        return get_response(request)

    return middleware
