"""The moderators' admin site: Django's, with the queue of cases in front."""

from collections.abc import Callable
from typing import Any

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, path, reverse
from unfold.sites import UnfoldAdminSite

# The admin's theme styles elements inline and evaluates its templates' expressions; the rest of the site does neither.
_ADMIN_POLICY = {"style-src": [SELF, UNSAFE_INLINE], "script-src": [SELF, UNSAFE_EVAL]}


class ModeratorSite(UnfoldAdminSite):
    """Moderators and admins work here; who may enter is the user's role (see accounts)."""

    site_header = "CardVault moderation"
    site_title = "CardVault moderation"
    index_title = "What waits"
    index_template = "moderation/index.html"

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """What waits for somebody who works here."""
        from apps.moderation import queries

        first = {"waiting": queries.waiting(), "urgent": queries.open_cases(limit=8)}
        return super().index(request, {**(extra_context or {}), **first})

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one way to sign in, with its limits on guessing; who is signed in and still lands here may not enter.

        Raises PermissionDenied.
        """
        onward = request.GET.get("next", reverse("admin:index"))
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied("Moderators work here.")
        return redirect_to_login(onward)

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        """Every page of the admin, under the policy that its theme needs."""
        return csp_update(_ADMIN_POLICY)(super().admin_view(view, cacheable))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """The admin's own pages, the cases, the reports, the checks, how the price feeds stand, and what was held."""
        from apps.moderation import approvals, figures, reports, risk, seeing, views

        return [
            path("cases/", self.admin_view(views.cases), name="cases"),
            path("cases/figures/", self.admin_view(views.case_figures), name="case-figures"),
            path("cases/<uuid:pk>/", self.admin_view(views.case), name="case"),
            path("reports/", self.admin_view(reports.reports), name="reports"),
            path("reports/<uuid:pk>/", self.admin_view(reports.report), name="report"),
            path("checks/", self.admin_view(risk.checks), name="checks"),
            path("checks/rules/", self.admin_view(risk.rules), name="risk-rules"),
            path("checks/<uuid:pk>/", self.admin_view(risk.check), name="check"),
            path("approvals/", self.admin_view(approvals.approvals), name="approvals"),
            path("approvals/<uuid:pk>/", self.admin_view(approvals.settle), name="approval"),
            path("members/<uuid:pk>/see/", self.admin_view(seeing.see_as), name="see-as"),
            path("feeds/", self.admin_view(views.feeds), name="feeds"),
            path("figures/", self.admin_view(figures.figures), name="figures"),
            path("protection/", self.admin_view(views.protection), name="protection"),
            *super().get_urls(),
        ]
