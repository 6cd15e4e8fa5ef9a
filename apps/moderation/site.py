"""The moderators' admin site: Django's, with the queue of cases in front."""

from collections.abc import Callable
from typing import Any

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django.urls import URLPattern, URLResolver, path
from unfold.sites import UnfoldAdminSite

# The admin's theme styles elements inline and evaluates its templates' expressions; the rest of the site does neither.
_ADMIN_POLICY = {"style-src": [SELF, UNSAFE_INLINE], "script-src": [SELF, UNSAFE_EVAL]}


class ModeratorSite(UnfoldAdminSite):
    """Moderators and admins work here; who may enter is the user's role (see accounts)."""

    site_header = "CardVault moderation"
    site_title = "CardVault moderation"
    index_title = "What waits"

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        """Every page of the admin, under the policy that its theme needs."""
        return csp_update(_ADMIN_POLICY)(super().admin_view(view, cacheable))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """The admin's own pages, and the cases."""
        from apps.moderation import views

        return [
            path("cases/", self.admin_view(views.cases), name="cases"),
            path("cases/<uuid:pk>/", self.admin_view(views.case), name="case"),
            *super().get_urls(),
        ]
