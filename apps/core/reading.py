"""REST reads: compressed, conditional by ETag, and told how long a cache on the way may keep them, if at all."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.decorators import method_decorator
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import conditional_page
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

IN_CLIENTS, IN_SHARED_CACHES = 60, 300
"""Seconds that a client, and a cache in front of the site, may keep an answer that everybody gets alike."""
_WHO = ("Authorization", "X-API-Key", "Cookie")


@method_decorator([gzip_page, conditional_page], name="dispatch")
class MemberRead(APIView):
    """A view whose answer is a member's own, or changes by the minute: asked for anew each time, sent only where it changed."""

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let nobody on the way keep it."""
        response = super().finalize_response(request, response, *args, **kwargs)
        patch_cache_control(response, private=True, no_cache=True)
        patch_vary_headers(response, _WHO)
        return response


@method_decorator([gzip_page, conditional_page], name="dispatch")
class PublicRead(APIView):
    """A view whose answer does not depend on who asks. What a member's credentials came with is kept by nobody all the same:
    its headers tell of the member's own allowance.
    """

    permission_classes = [AllowAny]

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Say how long it may be kept: a success that was asked for without credentials alone."""
        response = super().finalize_response(request, response, *args, **kwargs)
        told_who = any(request.META.get(f"HTTP_{name.upper().replace('-', '_')}") for name in _WHO)
        if response.status_code != 200 or request.method not in ("GET", "HEAD") or told_who:
            patch_cache_control(response, private=True, no_cache=True)
        else:
            patch_cache_control(response, public=True, max_age=IN_CLIENTS, s_maxage=IN_SHARED_CACHES)
        patch_vary_headers(response, _WHO)
        return response


def with_addresses(request: Request, told: Any) -> Any:
    """The answer with whole addresses of its pictures, which are kept without the host."""
    if isinstance(told, list):
        return [with_addresses(request, each) for each in told]
    if isinstance(told, dict):
        return {
            name: request.build_absolute_uri(value)
            if name == "image_url" and isinstance(value, str) and value.startswith("/")
            else with_addresses(request, value)
            for name, value in told.items()
        }
    return told
