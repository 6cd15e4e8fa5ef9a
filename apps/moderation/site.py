"""The moderators' admin site: Django's, with the queue of cases in front."""

from django.urls import URLPattern, URLResolver, path
from unfold.sites import UnfoldAdminSite


class ModeratorSite(UnfoldAdminSite):
    """Moderators and admins work here; who may enter is the user's role (see accounts)."""

    site_header = "CardVault moderation"
    site_title = "CardVault moderation"
    index_title = "What waits"

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """The admin's own pages, and the cases."""
        from apps.moderation import views

        return [
            path("cases/", self.admin_view(views.cases), name="cases"),
            path("cases/<uuid:pk>/", self.admin_view(views.case), name="case"),
            *super().get_urls(),
        ]
