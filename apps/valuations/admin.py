"""Market data as moderators see it; admins set how far a source is trusted and take out sales that were none."""

from __future__ import annotations

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from apps.catalog.admin import CorrectedAdmin
from apps.core import audit
from apps.core.admin import ReadOnlyAdmin
from apps.core.errors import DomainError
from apps.valuations import actions
from apps.valuations.feeds import actions as feeds
from apps.valuations.feeds import queries
from apps.valuations.feeds.registry import adapter_of
from apps.valuations.models import CurrentPrice, Feed, FeedRun, Sale, Source, Valuation


@admin.register(Source)
class SourceAdmin(CorrectedAdmin):
    """Where prices come from. A changed reliability counts from the next refresh of the prices on."""

    list_display = ("name", "slug", "currency", "reliability", "url")
    search_fields = ("name", "slug")
    ordering = ("name",)
    corrected = ("name", "url", "reliability")


@admin.register(Sale)
class SaleAdmin(ReadOnlyAdmin):
    """Sold comparables. One that was no sale (cancelled, traded with oneself) is deleted by an admin; prices follow."""

    list_display = ("sold_at", "variant", "condition", "grade_company", "grade", "price", "currency", "source")
    list_filter = ("source", "condition", "grade_company")
    list_select_related = ("variant__product", "source")
    search_fields = ("=reference", "variant__product__name")
    date_hierarchy = "sold_at"
    ordering = ("-sold_at",)
    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """As the role says: admins."""
        return request.user.has_perm("valuations.delete_sale")

    def delete_model(self, request: HttpRequest, obj: Sale) -> None:
        """Take one out."""
        actions.remove_sales(sales=[obj], by=request.user)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Sale]) -> None:
        """Take the chosen ones out."""
        actions.remove_sales(sales=list(queryset), by=request.user)


@admin.register(CurrentPrice)
class CurrentPriceAdmin(ReadOnlyAdmin):
    """What pages show, with what it rests on."""

    list_display = ("variant", "condition", "value", "low", "high", "currency", "confidence", "method", "computed_at")
    list_filter = ("condition", "method", "currency")
    list_select_related = ("variant__product",)
    search_fields = ("variant__product__name",)
    ordering = ("-computed_at", "-id")
    show_full_result_count = False


@admin.register(Valuation)
class ValuationAdmin(ReadOnlyAdmin):
    """Fair values as they were stated, with the hash of their inputs."""

    list_display = (
        "as_of",
        "variant",
        "condition",
        "grade_company",
        "grade",
        "value",
        "currency",
        "confidence",
        "method",
    )
    list_filter = ("method", "grade_company")
    list_select_related = ("variant__product",)
    search_fields = ("variant__product__name", "=inputs_hash")
    date_hierarchy = "as_of"
    ordering = ("-as_of",)
    show_full_result_count = False


class FeedForm(ModelForm):
    """A feed whose options its adapter can work with."""

    class Meta:
        model = Feed
        fields = ("slug", "kind", "is_on", "pace_minutes", "options")

    def clean(self) -> dict[str, object]:
        """Ask the adapter."""
        cleaned = super().clean() or {}
        try:
            adapter_of(cleaned.get("kind", self.instance.kind), cleaned.get("options") or {})
        except DomainError as error:
            raise ValidationError(error.message) from error
        cleaned["options"] = cleaned.get("options") or {}
        return cleaned


class FeedRunInline(TabularInline):
    """How the feed's runs went, newest first."""

    model = FeedRun
    extra = 0
    can_delete = False
    fields = readonly_fields = (
        "started_at", "state", "trigger", "rows", "created", "updated", "unchanged", "unpriced", "rejected", "requests",
        "error",
    )  # fmt: skip
    ordering = ("-started_at",)
    per_page = 10

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Runs are started, not written."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """To look."""
        return False


@admin.register(Feed)
class FeedAdmin(ModelAdmin):
    """Sources that are asked by themselves. Moderators look and start one; admins switch, set the pace and add a CSV."""

    form = FeedForm
    list_display = ("slug", "kind", "standing", "pace_minutes", "next_run_at")
    list_filter = ("is_on", "kind")
    search_fields = ("slug",)
    ordering = ("slug",)
    inlines = (FeedRunInline,)
    actions = ("start",)

    @display(description="standing")
    def standing(self, feed: Feed) -> str:
        """On, or why it is off."""
        return queries.why_off(feed) or "on"

    def get_readonly_fields(self, request: HttpRequest, obj: Feed | None = None) -> tuple[str, ...]:
        """What it is called and asks stays as it was made."""
        return ("slug", "kind", "next_run_at") if obj else ("next_run_at",)

    def get_fields(self, request: HttpRequest, obj: Feed | None = None) -> tuple[str, ...]:
        """Facts first."""
        return ("slug", "kind", "is_on", "pace_minutes", "options", "next_run_at")

    def save_model(self, request: HttpRequest, obj: Feed, form: ModelForm, change: bool) -> None:
        """Save, and leave what it was and what it is in the trail."""
        if "options" in form.changed_data:
            obj.validators = {}  # another file may lie at another address
        obj.next_run_at = None
        super().save_model(request, obj, form, change)
        audit.record(
            action="feed.changed" if change else "feed.added",
            target=obj,
            by=request.user,
            before={name: str(form.initial.get(name)) for name in form.changed_data} if change else {},
            after={name: str(form.cleaned_data.get(name)) for name in form.changed_data},
        )

    @admin.action(description="Run now", permissions=["view"])
    def start(self, request: HttpRequest, queryset: QuerySet[Feed]) -> None:
        """Have the chosen feeds run."""
        for feed in queryset:
            try:
                feeds.start(feed=feed, by=request.user)
            except DomainError as error:
                messages.error(request, f"{feed.slug}: {error.message}")
            else:
                messages.success(request, f"{feed.slug} is queued; its run is listed once a worker takes it.")


@admin.register(FeedRun)
class FeedRunAdmin(ReadOnlyAdmin):
    """What became of each row that a source sent."""

    list_display = ("started_at", "feed", "state", "rows", "created", "updated", "rejects", "requests", "lag", "error")
    list_filter = ("state", "feed", "trigger")
    list_select_related = ("feed",)
    date_hierarchy = "started_at"
    ordering = ("-started_at",)
    readonly_fields = ("rejects", "lag")
    show_full_result_count = False

    @display(description="rejected", ordering="rejected")
    def rejects(self, run: FeedRun) -> str:
        """How many rows were rejected, leading to them."""
        if not run.rejected:
            return "0"
        address = reverse("admin:core_rejectedinput_changelist")
        return format_html('<a href="{}?q={}">{}</a>', address, run.pk, run.rejected)

    @display(description="lag")
    def lag(self, run: FeedRun) -> str:
        """Age of the newest price when the run ended."""
        return str(run.ended_at - run.newest_at).split(".")[0] if run.ended_at and run.newest_at else "-"
