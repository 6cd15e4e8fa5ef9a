"""The operators' tables of messages on their way: what is parked, and releasing it; addresses that take no mail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from apps.core import audit
from apps.core.admin import ReadOnlyAdmin
from apps.notifications.mail import sending as mails
from apps.notifications.models import Dispatch, Mail, Suppression, WebhookMessage
from apps.notifications.push import sending as pushes
from apps.notifications.webhooks import sending as webhooks


class _OnItsWay(ModelAdmin):
    """Rows that sending makes. What is parked can be released, and that is audited."""

    list_filter = ("state",)
    actions = ("release",)
    show_full_result_count = False
    give_back: Callable[[Any], None]

    def get_readonly_fields(self, request: HttpRequest, obj: object = None) -> list[str]:
        """Every field."""
        return [field.name for field in self.model._meta.fields]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only notifications make them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nothing is lost."""
        return False

    @admin.action(description="Release parked ones: try again from the start", permissions=["change"])
    def release(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Give the chosen parked ones their tries back."""
        parked = list(queryset.filter(state="parked"))
        for each in parked:
            type(self).give_back(each)
            audit.record(action="notification.released", target=each, by=request.user)
        messages.success(request, f"{len(parked)} will be tried again.")


@admin.register(Mail)
class MailAdmin(_OnItsWay):
    """E-mails with what they tell."""

    list_display = ("owner", "cadence", "state", "attempts", "due_at", "sent_at", "last_error")
    list_filter = ("state", "cadence")
    list_select_related = ("owner",)
    ordering = ("-created_at",)
    give_back = staticmethod(mails.release)


@admin.register(Dispatch)
class DispatchAdmin(_OnItsWay):
    """Notifications on their way by e-mail or to a device. An e-mail is released with its mail."""

    list_display = ("notification", "owner", "channel", "state", "attempts", "due_at", "sent_at", "last_error")
    list_filter = ("state", "channel")
    list_select_related = ("notification", "owner")
    ordering = ("-id",)
    give_back = staticmethod(pushes.release)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dispatch]:
        """With the words."""
        return super().get_queryset(request).select_related("notification")


@admin.register(WebhookMessage)
class WebhookMessageAdmin(_OnItsWay):
    """Messages to members' endpoints."""

    list_display = ("endpoint", "kind", "state", "attempts", "due_at", "sent_at")
    list_select_related = ("endpoint",)
    ordering = ("-created_at",)
    give_back = staticmethod(webhooks.release)


@admin.register(Suppression)
class SuppressionAdmin(ReadOnlyAdmin):
    """Addresses that are not written to."""

    list_display = ("address", "reason", "detail", "at")
    list_filter = ("reason",)
    search_fields = ("address",)
