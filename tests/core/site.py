"""A small site whose views fail in every way, to test how failures are told."""

import redis
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import IntegerField, Serializer
from rest_framework.views import APIView

from apps.core import errors
from apps.core.pagination import Page, limit_offset
from config import urls

handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500

FAILURES = {
    "missing": Http404("the private reason"),
    "denied": PermissionDenied("Only the seller may."),
    "suspicious": SuspiciousOperation("the private reason"),
    "conflict": errors.Conflict("Somebody was quicker.", listing="0190"),
    "not-yours": errors.NotYours(),
    "too-large": errors.TooLarge(),
    "unsupported": errors.UnsupportedType(),
    "bug": ZeroDivisionError("the private reason"),
    "database-away": OperationalError("the private reason"),
    "redis-away": redis.ConnectionError("the private reason"),
}


def fail(request: HttpRequest, how: str) -> HttpResponse:
    """Raise what the address says."""
    raise FAILURES[how]


@login_required
def private(request: HttpRequest) -> HttpResponse:
    """For members."""
    return HttpResponse(str(request.user))


class Numbers(Serializer):
    """What the API here takes."""

    number = IntegerField(min_value=1)


class FailingAPI(APIView):
    """The same failures in the API."""

    permission_classes = [AllowAny]

    def get(self, request: Request, how: str) -> Response:
        """Raise what the address says."""
        raise FAILURES[how]


class Listed(APIView):
    """A list of a hundred numbers."""

    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        """One page of it."""
        limit, offset = limit_offset(request)
        page = Page(range(100)[offset : offset + limit], 100, limit, offset)
        return Response({"numbers": list(page.rows), "pagination": page.envelope()})

    def post(self, request: Request) -> Response:
        """Take a number."""
        Numbers(data=request.data).is_valid(raise_exception=True)
        return Response({}, status=201)


urlpatterns = [
    path("fail/<str:how>/", fail),
    path("private/", private),
    path("api/v1/fail/<str:how>", FailingAPI.as_view()),
    path("api/v1/numbers", Listed.as_view()),
    path("", include(urls)),
]
