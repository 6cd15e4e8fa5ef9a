"""The record of what members agreed to. A change of mind is another row; the database refuses to change or remove one."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.consent.texts import Purpose
from apps.core.models import Base


class Where(models.TextChoices):
    """Where a member was asked."""

    SIGN_UP = "sign-up", _("at sign-up")
    ASKED_AGAIN = "asked again", _("when asked again")
    SETTINGS = "settings", _("in the settings")
    API = "api", _("through the API")
    MAIL = "mail", _("by a link in an e-mail")


class Consent(Base):
    """One answer of a member to one text. The latest one for a purpose is what holds."""

    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="consents")
    purpose = models.CharField(max_length=10, choices=Purpose)
    version = models.CharField(max_length=10)
    given = models.BooleanField()
    where = models.CharField(max_length=12, choices=Where)

    class Meta:
        indexes = [models.Index(fields=["member", "purpose", "-created_at", "-id"], name="consent_latest")]

    def __str__(self) -> str:
        return f"{self.purpose} {self.version}: {'yes' if self.given else 'no'}"
