"""Registration of the app, and of its admin site as the project's."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class ModerationConfig(AppConfig):
    """apps.moderation."""

    name = "apps.moderation"
    default = True

    def ready(self) -> None:
        """Register what can be followed live."""
        from apps.moderation import live  # noqa: F401


class AdminSiteConfig(admin_apps.AdminConfig):
    """django.contrib.admin with our site as the default one."""

    default_site = "apps.moderation.site.ModeratorSite"
    default = False
