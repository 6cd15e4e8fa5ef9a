"""Registration of the app."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_delete


class LiveConfig(AppConfig):
    """apps.live."""

    name = "apps.live"

    def ready(self) -> None:
        """Hear of ended sessions wherever they are ended (signing out, revoking, a new password): each deletes its row."""
        from apps.live import handlers  # noqa: F401
        from apps.live.readers import session_deleted

        sessions = import_module(settings.SESSION_ENGINE).SessionStore.get_model_class()
        post_delete.connect(session_deleted, sender=sessions, dispatch_uid="live.session_deleted")
