"""How a request to the API says who sends it: X-API-Key or a bearer token. Sessions are DRF's own."""

from __future__ import annotations

import datetime as dt

from allauth.account.models import EmailAddress
from allauth.idp.oidc.models import Token
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from apps.accounts import second_factor, tokens
from apps.accounts.models import APIKey, Scope, SignIn, User
from apps.accounts.oauth import queries
from apps.core.throttling import count_failed_credentials

_LONGEST_KEY = 100
_USED_EVERY = dt.timedelta(minutes=1)


class APIKeyAuthentication(BaseAuthentication):
    """`X-API-Key: tk_…`. A wrong, revoked or expired key, or one of a closed account: all look the same."""

    def authenticate(self, request: Request) -> tuple[User, APIKey] | None:
        """The key's user and the key; None where no key was sent."""
        secret = request.headers.get("X-API-Key")
        if secret is None:
            return None
        now = timezone.now()
        verified = EmailAddress.objects.filter(user=OuterRef("user"), email=OuterRef("user__email"), verified=True)
        key = (
            APIKey.objects.select_related("user")
            .filter(Exists(verified), Q(expires_at__isnull=True) | Q(expires_at__gt=now))
            .filter(digest=APIKey.digest_of(secret[:_LONGEST_KEY]), revoked_at__isnull=True, user__is_active=True)
            .first()
        )
        if key is None:
            count_failed_credentials(request)
            raise AuthenticationFailed("The API key is not known, or no longer good.")
        if second_factor.is_missing(key.user):
            raise PermissionDenied(second_factor.SecondFactorMissing.message)
        if key.last_used_at is None or key.last_used_at <= now - _USED_EVERY:
            APIKey.objects.filter(pk=key.pk).update(last_used_at=now)
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        """What WWW-Authenticate says on a 401."""
        return 'Bearer realm="api"'


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer …` with an access token of /auth/login (a JWT)."""

    def authenticate(self, request: Request) -> tuple[User, SignIn] | None:
        """The token's user and sign-in; None where no bearer token was sent."""
        scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        if text.count(".") != 2:  # not a JWT: perhaps an app's
            return None
        try:
            sign_in = tokens.sign_in_for_access(text.strip())
        except tokens.BadToken:
            count_failed_credentials(request)
            raise AuthenticationFailed("The token is not valid any more. Refresh it or sign in again.") from None
        if second_factor.is_missing(sign_in.user):
            raise PermissionDenied(second_factor.SecondFactorMissing.message)
        return sign_in.user, sign_in

    def authenticate_header(self, request: Request) -> str:
        """What WWW-Authenticate says on a 401."""
        return 'Bearer realm="api"'


class OAuthAuthentication(BaseAuthentication):
    """`Authorization: Bearer …` with an access token that a member let an app have."""

    def authenticate(self, request: Request) -> tuple[User, Token] | None:
        """The token's member and the token; None where no bearer token was sent."""
        scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = queries.access_of(text.strip())
        if token is None:
            count_failed_credentials(request)
            raise AuthenticationFailed("The token is not valid any more. Refresh it or sign in again.")
        if second_factor.is_missing(token.user):
            raise PermissionDenied(second_factor.SecondFactorMissing.message)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """What WWW-Authenticate says on a 401."""
        return 'Bearer realm="api"'


class APIKeyScheme(OpenApiAuthenticationExtension):
    """How the schema describes API keys."""

    target_class = APIKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """OpenAPI's security scheme."""
        return {"type": "apiKey", "in": "header", "name": "X-API-Key"}


class BearerScheme(OpenApiAuthenticationExtension):
    """How the schema describes bearer tokens."""

    target_class = TokenAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """OpenAPI's security scheme."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class OAuthScheme(OpenApiAuthenticationExtension):
    """How the schema describes the tokens of apps."""

    target_class = OAuthAuthentication
    name = "oauth2"

    def get_security_definition(self, auto_schema: object) -> dict[str, object]:
        """OpenAPI's security scheme."""
        return {
            "type": "oauth2",
            "flows": {
                "authorizationCode": {
                    "authorizationUrl": "/oauth/authorize",
                    "tokenUrl": "/oauth/token",
                    "refreshUrl": "/oauth/token",
                    "scopes": {value: str(label) for value, label in Scope.choices},
                }
            },
        }
