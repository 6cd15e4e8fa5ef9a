"""The operators' view of the kernel: what is on its way, what is parked, who did what, what could not be used."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display
from unfold.forms import ActionForm
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.core import audit, outbox
from apps.core.models import AuditEntry, Delivery, Flag, OutboxEvent, RejectedInput


class ReadOnlyAdmin(ModelAdmin):
    """Rows that nobody edits: they are looked at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Never."""
        return False


class DeliveryState(admin.SimpleListFilter):
    """On its way, retried, parked or delivered."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        """The four states."""
        return [("parked", "Parked"), ("failing", "Failing"), ("waiting", "Waiting"), ("delivered", "Delivered")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        """The deliveries in the chosen state."""
        pending = Q(delivered_at__isnull=True, parked_at__isnull=True)
        chosen = {
            "parked": Q(parked_at__isnull=False),
            "failing": pending & Q(attempts__gt=0),
            "waiting": pending & Q(attempts=0),
            "delivered": Q(delivered_at__isnull=False),
        }.get(self.value() or "")
        return queryset.filter(chosen) if chosen else queryset


class ReasonForm(ActionForm):
    """What is done with the ticked rows, and why."""

    reason = forms.CharField(
        max_length=300,
        required=False,
        widget=UnfoldAdminTextInputWidget({"placeholder": "Reason", "aria-label": "Reason"}),
    )


@admin.register(Delivery)
class DeliveryAdmin(ModelAdmin):
    """Events on their way to their handlers. A parked one holds back those behind it until somebody decides."""

    list_display = ("handler", "aggregate", "topic", "state", "attempts", "next_attempt_at", "short_error")
    list_filter = (DeliveryState, "handler")
    search_fields = ("aggregate", "handler", "last_error")
    list_select_related = ("event",)
    ordering = ("-id",)
    readonly_fields = [field.name for field in Delivery._meta.fields]
    actions = ("release", "set_aside")
    action_form = ReasonForm
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only facts make deliveries."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nothing is lost."""
        return False

    @display(description="topic")
    def topic(self, delivery: Delivery) -> str:
        """What the event says."""
        return delivery.event.topic

    @display(description="state", label={"parked": "danger", "failing": "warning", "delivered": "success"})
    def state(self, delivery: Delivery) -> str:
        """Where it stands."""
        if delivery.parked_at:
            return "parked"
        if delivery.delivered_at:
            return "delivered"
        return "failing" if delivery.attempts else "waiting"

    @display(description="last error")
    def short_error(self, delivery: Delivery) -> str:
        """The beginning of what went wrong last."""
        return delivery.last_error[:120]

    @admin.action(description="Release parked deliveries: try again from the start", permissions=["change"])
    def release(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Give the chosen parked deliveries their tries back."""
        self._decide(request, queryset, outbox.release, "outbox.released", "will be tried again")

    @admin.action(description="Set parked deliveries aside: go on without them", permissions=["change"])
    def set_aside(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Give the chosen parked deliveries up."""
        self._decide(request, queryset, outbox.set_aside, "outbox.set_aside", "were set aside")

    def _decide(
        self,
        request: HttpRequest,
        queryset: QuerySet[Delivery],
        decide: Callable[[Delivery], object],
        action: str,
        told: str,
    ) -> None:
        reason = request.POST.get("reason", "").strip()[:300]
        if not reason:
            messages.error(request, "Nothing was done: give a reason, it stands in the audit trail.")
            return
        parked = list(queryset.filter(parked_at__isnull=False))
        for delivery in parked:
            before: dict[str, object] = {
                "parked_at": delivery.parked_at, "attempts": delivery.attempts, "last_error": delivery.last_error,
            }  # fmt: skip
            with transaction.atomic():
                decide(delivery)
                delivery.refresh_from_db()
                after: dict[str, object] = {"parked_at": delivery.parked_at, "delivered_at": delivery.delivered_at}
                audit.record(action=action, target=delivery, by=request.user, before=before, after=after, reason=reason)
        messages.success(request, f"{len(parked)} deliveries {told}.")


class DeliveryInline(TabularInline):
    """Where an event went."""

    model = Delivery
    extra = 0
    can_delete = False
    fields = readonly_fields = ("handler", "attempts", "next_attempt_at", "delivered_at", "parked_at", "last_error")

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Only facts make deliveries."""
        return False


@admin.register(OutboxEvent)
class OutboxEventAdmin(ReadOnlyAdmin):
    """Facts that actions stated."""

    list_display = ("sequence", "topic", "aggregate", "emitted_at", "open_deliveries")
    list_filter = ("topic",)
    search_fields = ("aggregate", "request_id")
    date_hierarchy = "emitted_at"
    ordering = ("-sequence",)
    inlines = (DeliveryInline,)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutboxEvent]:
        """With the number of deliveries that are still open."""
        still_open = Count("deliveries", filter=Q(deliveries__delivered_at__isnull=True))
        return super().get_queryset(request).annotate(still_open=still_open)

    @display(description="open", ordering="still_open")
    def open_deliveries(self, event: OutboxEvent) -> int:
        """How many handlers have not got it yet."""
        still_open: int = event.still_open  # type: ignore[attr-defined]  # annotated above
        return still_open


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who did what to which row. The database refuses changes."""

    list_display = ("at", "actor_label", "action", "target_type", "target_id", "reason")
    list_filter = ("action", "target_type")
    search_fields = ("target_id", "actor_label", "request_id")
    date_hierarchy = "at"
    ordering = ("-at",)
    show_full_result_count = False


@admin.register(RejectedInput)
class RejectedInputAdmin(ReadOnlyAdmin):
    """Input that could not be used, with the reason."""

    list_display = ("at", "origin", "line", "reason")
    list_filter = ("origin",)
    search_fields = ("reason", "batch_id")
    date_hierarchy = "at"
    ordering = ("-at",)
    show_full_result_count = False


class FlagForm(forms.ModelForm):
    """Members are named by their addresses, one on each line."""

    members = forms.CharField(
        widget=UnfoldAdminTextareaWidget,
        required=False,
        help_text="E-mail addresses of members who have it, one on each line.",
    )

    class Meta:
        model = Flag
        fields = ("name", "note", "everyone", "percent", "staff", "members")

    def __init__(self, *args: Any, **how: Any) -> None:
        super().__init__(*args, **how)
        named = get_user_model().objects.filter(pk__in=self.instance.members).order_by("email")
        self.initial["members"] = "\n".join(named.values_list("email", flat=True))

    def clean_members(self) -> list[uuid.UUID]:
        """The members' keys. Raises ValidationError for addresses that nobody has."""
        wanted = {line.strip().lower() for line in self.cleaned_data["members"].splitlines() if line.strip()}
        known = {user.email.lower(): user.pk for user in get_user_model().objects.filter(email__in=wanted)}
        if strange := sorted(wanted - known.keys()):
            raise ValidationError(f"Nobody has the address {', '.join(strange)}.")
        return sorted(known.values())


@admin.register(Flag)
class FlagAdmin(ModelAdmin):
    """What is not there for everybody yet, and who has it. Every change is in the audit trail."""

    form = FlagForm
    list_display = ("name", "everyone", "percent", "staff", "named", "modified", "note")
    search_fields = ("name", "note")
    ordering = ("name",)

    @display(description="members")
    def named(self, flag: Flag) -> int:
        """How many are named."""
        return len(flag.members)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without deleting many at once, which would pass the audit trail by."""
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def save_model(self, request: HttpRequest, obj: Flag, form: FlagForm, change: bool) -> None:
        """Save, and write down what was changed."""
        before = _says(Flag.objects.get(pk=obj.pk)) if change else {}
        super().save_model(request, obj, form, change)
        audit.record(action="flag.changed", target=obj, by=request.user, before=before, after=_says(obj))

    def delete_model(self, request: HttpRequest, obj: Flag) -> None:
        """Remove it, and write that down."""
        audit.record(action="flag.removed", target=obj, by=request.user, before=_says(obj))
        super().delete_model(request, obj)


def _says(flag: Flag) -> dict[str, object]:
    return {
        "name": flag.name,
        "everyone": flag.everyone,
        "percent": flag.percent,
        "staff": flag.staff,
        "members": [str(member) for member in flag.members],
    }
