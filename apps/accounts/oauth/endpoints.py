"""OAuth's endpoints: allauth's, narrowed to authorization codes with PKCE, each code and refresh token good for once."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import urlsplit

import structlog
from allauth.idp.oidc import views as library
from allauth.idp.oidc.models import Client, Token
from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from limits import RateLimitItemPerMinute

from apps.accounts.adapter import site_address
from apps.accounts.models import Scope
from apps.core.errors import InvalidInput
from apps.core.throttling import address_of, limiter

log = structlog.get_logger()

_TRIES = RateLimitItemPerMinute(120)
_REMEMBERED = 30 * 24 * 60 * 60
_HANDED_IN = {"authorization_code": "code", "refresh_token": "refresh_token"}


@never_cache
@csrf_exempt  # the library's view checks the token of the form itself, and shows the form to whoever posts without it
@require_http_methods(["GET", "HEAD", "POST"])
def authorization(request: HttpRequest) -> HttpResponse:
    """The consent page. Raises InvalidInput where the app does not prove its code by PKCE (RFC 7636, S256)."""
    if request.method != "POST":
        asked = request.GET
        if asked.get("response_type") != "code":
            raise InvalidInput("The app must ask for a code (response_type=code).")
        if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            raise InvalidInput("The app must send a code_challenge with the method S256 (PKCE).")
        if set(asked.get("prompt", "").split()) - {"login", "consent"}:
            raise InvalidInput("The app may not ask to pass by your consent.")
    response = library.authorization(request)
    back = _origin(request.GET.get("redirect_uri", ""))
    if back and response.status_code == 200:
        # Browsers apply form-action to where a form's answer redirects to: here, to the app.
        response._csp_update = {"form-action": [back]}  # type: ignore[attr-defined]
    return response


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") and parts.netloc else ""


@csrf_exempt
@require_POST
@never_cache
def token(request: HttpRequest) -> HttpResponse:
    """Codes and refresh tokens for tokens. One handed in twice ends what it stood for: two hold what one was given."""
    if not limiter().hit(_TRIES, "oauth", "token", address_of(request)):
        return _refused("temporarily_unavailable", 429)
    handed_in = _HANDED_IN.get(request.POST.get("grant_type", ""))
    if handed_in is None:
        return _refused("unsupported_grant_type", 400)
    mark = hashlib.sha256(request.POST.get(handed_in, "").encode()).hexdigest()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"oauth:{mark}"])
        spent: dict[str, Any] | None = cache.get(f"oauth-spent:{mark}")
        if spent is not None:
            ended, _ = Token.objects.filter(client_id=spent["client"], user_id=spent["user"]).delete()
            log.warning("oauth.handed_in_twice", client=spent["client"], kind=handed_in, ended=ended)
            return _refused("invalid_grant", 400)
        response: HttpResponse = library.token(request)
        if response.status_code == 200:
            made = Token.objects.by_value(json.loads(response.content)["access_token"]).get()
            cache.set(f"oauth-spent:{mark}", {"client": made.client_id, "user": str(made.user_id)}, _REMEMBERED)
    return response


@csrf_exempt
@require_POST
@never_cache
def revoke(request: HttpRequest) -> HttpResponse:
    """An app gives a token back (RFC 7009)."""
    if not limiter().hit(_TRIES, "oauth", "revoke", address_of(request)):
        return _refused("temporarily_unavailable", 429)
    return library.revoke(request)


def _refused(error: str, status: int) -> JsonResponse:
    return JsonResponse({"error": error}, status=status)


@require_safe
def metadata(request: HttpRequest) -> JsonResponse:
    """Where everything is, for programs (RFC 8414)."""
    return JsonResponse(
        {
            "issuer": site_address(""),
            "authorization_endpoint": site_address(reverse("idp:oidc:authorization")),
            "token_endpoint": site_address(reverse("idp:oidc:token")),
            "revocation_endpoint": site_address(reverse("idp:oidc:revoke")),
            "scopes_supported": list(Scope.values),
            "response_types_supported": ["code"],
            "grant_types_supported": [Client.GrantType.AUTHORIZATION_CODE, Client.GrantType.REFRESH_TOKEN],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            "service_documentation": site_address(reverse("api-docs")),
        }
    )
