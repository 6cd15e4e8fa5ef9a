"""Asks again before the next page when a required text has changed. Costs nothing while it has not."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from apps.accounts.consent.queries import to_be_asked
from apps.accounts.consent.texts import in_force

AGREED_TO = "agreed_to"
# What one may read and do without having agreed: the texts, signing out, taking the data along, and deleting the account.
_OPEN = (
    "/accounts/",
    "/legal/",
    "/privacy/",
    "/me/agree/",
    "/me/data/",
    "/static/",
    "/media/",
    "/api/",
    "/healthz",
    "/readyz",
    "/sw.js",
    "/manifest.webmanifest",
)


def ask_again(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Lead a member whose session began under other texts to the page that asks. Only whole pages: nothing is lost midway."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if (
            request.method == "GET"
            and "HX-Request" not in request.headers
            and request.accepts(
                "text/html"
            )  # what scripts ask for as JSON is no page: they would take it for a sign-out
            and not request.path.startswith(_OPEN)
            and request.session.get(AGREED_TO, in_force()) != in_force()
            and request.user.is_authenticated
        ):
            if to_be_asked(member_id=request.user.pk):
                return redirect(f"{reverse('agree')}?next={quote(request.get_full_path())}")
            request.session[AGREED_TO] = in_force()
        return get_response(request)

    return middleware
