"""Registration of the app, and of its admin site as the project's."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class ModerationConfig(AppConfig):
    """apps.moderation."""

    name = "apps.moderation"
    default = True


class AdminSiteConfig(admin_apps.AdminConfig):
    """django.contrib.admin with our site as the default one."""

    default_site = "apps.moderation.site.ModeratorSite"
    default = False
