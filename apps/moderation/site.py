"""The moderators' admin site."""

from unfold.sites import UnfoldAdminSite


class ModeratorSite(UnfoldAdminSite):
    """Moderators and admins work here."""

    site_header = "CardVault moderation"
    site_title = "CardVault moderation"
