"""From which browser and network a member acts: noted when they send something, at most once an hour for each."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from apps.core.throttling import address_of
from apps.risk import actions, normal
from apps.risk.models import Sighting

COOKIE = "device"
_YEAR = 365 * 24 * 3600
_AGAIN = 3600


def origin(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Give a browser that signs in a random name of its own, and note where members send from."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.method != "POST" or response.status_code >= 400 or not actions.is_on():
            return response
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            return response
        known = request.COOKIES.get(COOKIE, "")
        by_program = request.path.startswith("/api/")
        device = "" if by_program else known if len(known) == 32 else secrets.token_hex(16)
        if device and device != known:
            response.set_cookie(
                COOKIE, device, max_age=_YEAR, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
            )
        network = normal.network(address_of(request))
        seen = normal.digest("origin", f"{user.pk} {device} {network}")
        if cache.add(f"origin:{seen}", 1, _AGAIN):
            actions.see([(user.pk, Sighting.Kind.DEVICE, device), (user.pk, Sighting.Kind.NETWORK, network)])
        return response

    return middleware
