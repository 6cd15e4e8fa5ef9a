"""allauth's seams for OAuth 2: the scopes are those of API keys, in the same words; who we are is a setting."""

from __future__ import annotations

from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from django.conf import settings

from apps.accounts.models import Scope


class OAuthAdapter(DefaultOIDCAdapter):
    """Words of the consent page and the issuer."""

    scope_display = dict(Scope.choices)

    def get_issuer(self) -> str:
        """The site's own address, never what a request's Host header claims."""
        return settings.SITE_URL
