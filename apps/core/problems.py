"""The one place that turns errors into HTTP: problem pages for people, `{"error": {...}}` for programs."""

from __future__ import annotations

import structlog
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
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
    409: "Something changed in the meantime",
    413: "That file is too large",
    415: "That kind of file is not supported",
    429: "A little slower, please",
    500: "Something broke on our side",
    503: "Back in a moment",
}


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


def page(request: HttpRequest, status: int, code: str, message: str, details: object = None) -> HttpResponse:
    """A problem as the reader expects it: JSON under /api/, a fragment for HTMX, else a page."""
    if _wants_json(request):
        return JsonResponse(error_body(code, message, details), status=status)
    context = {
        "status": status,
        "title": TITLES.get(status, "That did not work"),
        "message": message,
        "details": details or {},
        "request_id": getattr(request, "request_id", ""),
    }
    template = "problems/fragment.html" if getattr(request, "htmx", False) else "problems/problem.html"
    return render(request, template, context, status=status)


def problem_response(request: HttpRequest, error: DomainError) -> HttpResponse:
    """A domain error as HTTP."""
    return page(request, error.status, error.code, error.message, _plain(error.details))


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
    """handler500."""
    return page(request, 500, "SERVER_ERROR", "Nothing was lost. Try again; if it happens again, tell us the request id.")


_CODES = {
    drf.NotAuthenticated: "NOT_AUTHENTICATED",
    drf.AuthenticationFailed: "NOT_AUTHENTICATED",
    drf.PermissionDenied: "FORBIDDEN",
    drf.NotFound: "NOT_FOUND",
    drf.MethodNotAllowed: "METHOD_NOT_ALLOWED",
    drf.Throttled: "RATE_LIMITED",
    drf.ParseError: "BAD_REQUEST",
    drf.UnsupportedMediaType: "UNSUPPORTED_TYPE",
}


def api_exception_handler(exc: Exception, context: dict[str, object]) -> Response | None:
    """DRF's handler: every error of the API has the same shape."""
    if isinstance(exc, DomainError):
        set_rollback()
        return Response(error_body(exc.code, exc.message, _plain(exc.details)), status=exc.status)
    if isinstance(exc, Http404 | ObjectDoesNotExist):
        exc = drf.NotFound()
    elif isinstance(exc, PermissionDenied):
        exc = drf.PermissionDenied()
    elif isinstance(exc, ValidationError):
        exc = drf.ValidationError(exc.message_dict if hasattr(exc, "error_dict") else exc.messages)
    if not isinstance(exc, drf.APIException):
        return None
    set_rollback()
    if isinstance(exc, drf.ValidationError):
        body = error_body("INVALID_INPUT", "Some of what you sent cannot be used.", exc.detail)
    else:
        code = next((name for kind, name in _CODES.items() if isinstance(exc, kind)), "ERROR")
        body = error_body(code, str(exc.detail))
    response = Response(body, status=exc.status_code)
    if getattr(exc, "auth_header", None):
        response["WWW-Authenticate"] = exc.auth_header
    if getattr(exc, "wait", None):
        response["Retry-After"] = str(int(exc.wait) + 1)
    return response
