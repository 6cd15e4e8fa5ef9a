"""When a session was last used, to five minutes; what a browser forgets when it ends."""

import time
from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.accounts.sessions.device import network_of

SEEN = "seen_at"
_EVERY = 300


def last_use(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Write down at most every five minutes that a signed-in session is in use; two statements then, else none."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.session.session_key and SESSION_KEY in request.session:
            seen, now = request.session.get(SEEN), time.time()
            if seen is not None and now - seen >= _EVERY:
                request.session[SEEN] = now
                UserSession.objects.filter(session_key=request.session.session_key).update(
                    last_seen_at=timezone.now(), ip=network_of(request.META.get("REMOTE_ADDR", ""))
                )
        return get_response(request)

    return middleware


def forget_at_the_end(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """When a session stops being its member's, the browser forgets all that it keeps of the site but cookies.

    Source: W3C, Clear Site Data.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        before = request.session.get(SESSION_KEY) if request.session.session_key else None
        response = get_response(request)
        if before is not None and request.session.get(SESSION_KEY) != before:
            response["Clear-Site-Data"] = '"cache", "storage"'
        return response

    return middleware
