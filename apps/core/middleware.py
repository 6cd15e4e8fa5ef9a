"""Whose request it is and its id, one log line per request, and domain errors turned into problem pages."""

import ipaddress
import re
import time
import uuid
from collections.abc import Callable
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from apps.core.errors import DomainError
from apps.core.ids import uuid7
from apps.core.problems import problem_response

log = structlog.get_logger("request")
GetResponse = Callable[[HttpRequest], HttpResponse]
_SAFE_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


def client_address(get_response: GetResponse) -> GetResponse:
    """Behind our proxy, REMOTE_ADDR becomes whom the proxy saw: the last entry of X-Forwarded-For, which is its own."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if settings.BEHIND_PROXY:
            seen = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
            try:
                request.META["REMOTE_ADDR"] = str(ipaddress.ip_address(seen))
            except ValueError:
                pass
        return get_response(request)

    return middleware


PROBES = ("/healthz", "/readyz", "/metrics")


def probes_by_any_name(get_response: GetResponse) -> GetResponse:
    """Probes of containers and clusters ask an address, not our name; these answers have nothing that depends on it."""
    host = urlsplit(settings.SITE_URL).netloc

    def middleware(request: HttpRequest) -> HttpResponse:
        if host and request.path in PROBES:
            request.META["HTTP_HOST"] = host
        return get_response(request)

    return middleware


_SUBJECT = re.compile(r"(?:^|/)(trade|scan|swap|listing|offer)s?/<uuid:pk>")


def subject_of(route: str, pk: object) -> dict[str, str]:
    """What a page or path of the API is about, by its route: {"trade": "0190…"}; nothing where it is about nothing."""
    found = _SUBJECT.search(route)
    return {found[1]: str(pk)} if found and isinstance(pk, uuid.UUID) else {}


class subjects:
    """Put the trade or scan that a request is about on every line that it writes."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Go on."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], given: object, named: dict[str, object]
    ) -> None:
        """The route is known now."""
        route = getattr(request.resolver_match, "route", "")
        structlog.contextvars.bind_contextvars(**subject_of(route, named.get("pk")))


def request_id(get_response: GetResponse) -> GetResponse:
    """Give each request an id (a proxy's own is kept), put it on every log line and on the answer."""

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        known_as = given if _SAFE_ID.fullmatch(given) else str(uuid7())
        request.request_id = known_as  # type: ignore[attr-defined]
        request.began_at = time.time()  # type: ignore[attr-defined]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=known_as)
        started = time.perf_counter()
        response = get_response(request)
        response["X-Request-ID"] = known_as
        route = getattr(getattr(request, "resolver_match", None), "view_name", None)
        log.info(
            "request.finished",
            method=request.method,
            route=route or "",
            status=response.status_code,
            ms=round((time.perf_counter() - started) * 1000, 1),
        )
        return response

    return middleware


def rate_limit_headers(get_response: GetResponse) -> GetResponse:
    """Tell API clients what is left of their tightest window (set by apps.core.throttling)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        window = getattr(request, "rate_limit", None)
        if window:
            limit, remaining, reset_at = window
            response["X-RateLimit-Limit"] = str(limit)
            response["X-RateLimit-Remaining"] = str(max(0, remaining))
            response["X-RateLimit-Reset"] = str(reset_at)
        return response

    return middleware


class problems:
    """Turn a DomainError that a view let through into the page, fragment or JSON that the reader expects."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Go on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer domain errors; everything else goes on to handler500."""
        if isinstance(exception, DomainError):
            return problem_response(request, exception)
        return None
