"""The one place that turns errors into HTTP: problem pages for people, `{"error": {...}}` for programs."""

from __future__ import annotations

import sys

import redis
import structlog
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from rest_framework import exceptions as drf
from rest_framework.response import Response
from rest_framework.views import set_rollback

from apps.core.errors import DomainError

log = structlog.get_logger()

TITLES = {
    400: "That did not work",
    401: "Please sign in",
    403: "This is not yours to see",
    404: "There is nothing here",
    405: "That is not done here",
    409: "Something changed in the meantime",
    413: "That file is too large",
    415: "That kind of file is not supported",
    429: "A little slower, please",
    500: "Something broke on our side",
    503: "Back in a moment",
}

# What is raised when PostgreSQL or Redis is away: nobody's mistake, and over soon.
OUTAGES = (OperationalError, InterfaceError, redis.ConnectionError, redis.TimeoutError)


def error_body(code: str, message: str, details: object = None) -> dict[str, object]:
    """The error format of the API."""
    return {
        "error": {
            "code": code,
            "message": message,
            "details": details or {},
            "timestamp": timezone.now().isoformat().replace("+00:00", "Z"),
        }
    }


def _wants_json(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _wants_fragment(request: HttpRequest) -> bool:
    htmx = getattr(request, "htmx", None)
    return htmx is not None and bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def page(request: HttpRequest, status: int, code: str, message: str, details: object = None) -> HttpResponse:
    """A problem as the reader expects it: JSON under /api/, a fragment for HTMX, else a page."""
    if _wants_json(request):
        return JsonResponse(error_body(code, message, details), status=status)
    context = {
        "status": status,
        "title": TITLES.get(status, TITLES[400]),
        "message": message,
        "details": details or {},
        "request_id": getattr(request, "request_id", ""),
    }
    if status >= 500:
        # Asking who reads would ask the database, which may be what broke.
        context |= {"user": AnonymousUser(), "messages": ()}
    template = "problems/fragment.html" if _wants_fragment(request) else "problems/problem.html"
    response = render(request, template, context, status=status)
    add_never_cache_headers(response)
    return response


def problem_response(request: HttpRequest, error: DomainError) -> HttpResponse:
    """A domain error as HTTP."""
    response = page(request, error.status, error.code, error.message, _plain(error.details))
    if "retry_after_seconds" in error.details:
        response["Retry-After"] = str(error.details["retry_after_seconds"])
    return response


def _plain(details: dict[str, object]) -> dict[str, object]:
    scalar = (str, int, float, bool, list, dict, type(None))
    return {name: value if isinstance(value, scalar) else str(value) for name, value in details.items()}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400."""
    return page(request, 400, "BAD_REQUEST", "The request could not be understood.")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403."""
    return page(request, 403, "FORBIDDEN", str(exception) or "You may not do this.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Shown when a form's token is missing or stale."""
    return page(request, 403, "CSRF_FAILED", "This form has expired. Go back, reload the page and send it again.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404."""
    return page(request, 404, "NOT_FOUND", "The page may have moved, or the address has a typing error.")


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: also what is shown when a store is away (503), and when even the problem page cannot be drawn."""
    error = sys.exc_info()[1]
    try:
        if isinstance(error, OUTAGES):
            return _unavailable(request)
        message = "Nothing was lost. Try again; if it happens again, tell us the request id."
        return page(request, 500, "SERVER_ERROR", message)
    except Exception as another:
        log.error("problems.page_failed", exc_info=another)
        return HttpResponse("Something broke on our side. Try again in a moment.\n", "text/plain", status=500)


def _unavailable(request: HttpRequest) -> HttpResponse:
    response = page(request, 503, "UNAVAILABLE", "A part of the site is away for a moment. Nothing was lost.")
    response["Retry-After"] = "10"
    return response


_CODES = {
    drf.NotAuthenticated: "NOT_AUTHENTICATED",
    drf.AuthenticationFailed: "NOT_AUTHENTICATED",
    drf.PermissionDenied: "FORBIDDEN",
    drf.NotFound: "NOT_FOUND",
    drf.MethodNotAllowed: "METHOD_NOT_ALLOWED",
    drf.NotAcceptable: "NOT_ACCEPTABLE",
    drf.Throttled: "RATE_LIMITED",
    drf.ParseError: "BAD_REQUEST",
    drf.UnsupportedMediaType: "UNSUPPORTED_TYPE",
}


def api_exception_handler(exc: Exception, context: dict[str, object]) -> Response | None:
    """DRF's handler: every error of the API has the same shape."""
    if isinstance(exc, DomainError):
        set_rollback()
        headers = {"WWW-Authenticate": 'Bearer realm="api"'} if exc.status == 401 else {}
        if "retry_after_seconds" in exc.details:
            headers["Retry-After"] = str(exc.details["retry_after_seconds"])
        return Response(error_body(exc.code, exc.message, _plain(exc.details)), status=exc.status, headers=headers)
    exc = _as_drf(exc)
    if not isinstance(exc, drf.APIException):
        return None  # handler500 answers
    set_rollback()
    response = Response(_body_of(exc), status=exc.status_code)
    if getattr(exc, "auth_header", None):
        response["WWW-Authenticate"] = exc.auth_header
    if getattr(exc, "wait", None):
        response["Retry-After"] = str(int(exc.wait) + 1)
    return response


def _as_drf(exc: Exception) -> Exception:
    """Django's own errors as DRF's."""
    if isinstance(exc, Http404 | ObjectDoesNotExist):
        return drf.NotFound("There is no such thing here, or it is not yours to see.")
    if isinstance(exc, PermissionDenied):
        return drf.PermissionDenied()
    if isinstance(exc, ValidationError):
        return drf.ValidationError(exc.message_dict if hasattr(exc, "error_dict") else exc.messages)
    return exc


def _body_of(exc: drf.APIException) -> dict[str, object]:
    if isinstance(exc, drf.ValidationError):
        details = exc.detail if isinstance(exc.detail, dict) else {"errors": exc.detail}
        return error_body("INVALID_INPUT", "Some of what you sent cannot be used.", details)
    if isinstance(exc, drf.Throttled):
        wait = int(exc.wait or 0) + 1
        return error_body("RATE_LIMITED", f"Too many requests. Wait {wait} seconds.", {"retry_after_seconds": wait})
    code = next((name for kind, name in _CODES.items() if isinstance(exc, kind)), "ERROR")
    return error_body(code, str(exc.detail))
