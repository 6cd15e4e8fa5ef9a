"""Who may do what through the API: API keys and apps by their scopes; people and signed-in programs everything of their own."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from allauth.idp.oidc.models import Token
from django.conf import settings
from django.utils import timezone
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from apps.accounts.models import APIKey, Scope, SignIn

if TYPE_CHECKING:
    from rest_framework.views import APIView


class HasScope(BasePermission):
    """Signed in, and with the scope that the method needs.

    Reading needs `read`. Writing needs what the view says: `required_scopes = {"POST": "listings:write"}`. A view that
    names none for a method is closed to API keys there, so that a new view is never open by forgetting.
    """

    message = "This API key or app may not do that; it lacks the scope that it needs."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the caller may go on."""
        if not (request.user and request.user.is_authenticated):
            return False
        if not isinstance(request.auth, APIKey | Token):
            return True
        held = request.auth.get_scopes() if isinstance(request.auth, Token) else request.auth.scopes
        needed = getattr(view, "required_scopes", {}).get(request.method)
        if needed is None and request.method in SAFE_METHODS:
            needed = Scope.READ
        return needed is not None and needed in held


class IsPerson(BasePermission):
    """Signed in, neither by API key nor through an app: for what those must not do (make keys, change who one is)."""

    message = "An API key or app may not do that; sign in with e-mail and password."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the caller may go on."""
        return bool(request.user and request.user.is_authenticated) and not isinstance(request.auth, APIKey | Token)


class JustSignedIn(BasePermission):
    """Showed lately who one is: a stolen session or token alone must not be enough for what outlives it."""

    message = "This needs a sign-in of the last minutes. Sign in again, then repeat it."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the caller may go on."""
        if isinstance(request.auth, SignIn):
            lately = dt.timedelta(seconds=settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)
            return request.auth.created_at >= timezone.now() - lately
        return did_recently_reauthenticate(request._request)
