"""Signing in by other sites: which are set up, and that an address links accounts only where it is proven."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, _build_apps_from_settings
from allauth.socialaccount.models import SocialApp, SocialLogin
from django.http import HttpRequest
from django.urls import reverse

from apps.accounts import actions
from apps.accounts.adapter import site_address
from apps.core.errors import NotFound


class SignInIsOff(NotFound):
    """Another site's sign-in is not set up here."""

    code = "SIGN_IN_IS_OFF"
    message = "Signing in by that site is not set up here. Use your e-mail address, or a passkey."


class SocialAdapter(DefaultSocialAccountAdapter):
    """allauth's seams: sites come from the settings alone; linking by address asks for proof on both sides."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """The sites of the settings. The library would ask its table too, on every page with a sign-in form."""
        found = _build_apps_from_settings(provider=provider, client_id=client_id)
        return [app for apps in found.values() for app in apps]

    def get_app(self, request: HttpRequest, provider: str, client_id: str | None = None) -> SocialApp:
        """The site of that name. Raises SignInIsOff."""
        try:
            return super().get_app(request, provider, client_id)
        except SocialApp.DoesNotExist:
            raise SignInIsOff from None

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Whoever registered an address without proving it leaves no key behind when its owner arrives."""
        if sociallogin.is_existing:
            actions.revoke_unproven_keys(user=sociallogin.user)

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        """Back to the list."""
        return reverse("socialaccount_connections")


def callback_address(provider: str) -> str:
    """The address that has to be given to the other site."""
    if provider in ("google", "apple"):
        return site_address(reverse(f"{provider}_callback"))
    return site_address(reverse("openid_connect_callback", args=[provider]))
