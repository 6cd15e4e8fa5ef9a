"""Who may do what through the API: API keys by their scopes; people and signed-in programs everything of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from apps.accounts.models import APIKey, Scope

if TYPE_CHECKING:
    from rest_framework.views import APIView


class HasScope(BasePermission):
    """Signed in, and with the scope that the method needs.

    Reading needs `read`. Writing needs what the view says: `required_scopes = {"POST": "listings:write"}`. A view that
    names none for a method is closed to API keys there, so that a new view is never open by forgetting.
    """

    message = "This API key may not do that; make one with the scope that it needs."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the caller may go on."""
        if not (request.user and request.user.is_authenticated):
            return False
        if not isinstance(request.auth, APIKey):
            return True
        needed = getattr(view, "required_scopes", {}).get(request.method)
        if needed is None and request.method in SAFE_METHODS:
            needed = Scope.READ
        return needed is not None and needed in request.auth.scopes


class IsPerson(BasePermission):
    """Signed in by password, not by API key: for what a leaked key must not do (make keys, change who one is)."""

    message = "An API key may not do that; sign in with e-mail and password."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the caller may go on."""
        return bool(request.user and request.user.is_authenticated) and not isinstance(request.auth, APIKey)
