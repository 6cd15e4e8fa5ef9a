"""Market data as moderators see it; admins set how far a source is trusted and take out sales that were none."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.catalog.admin import CorrectedAdmin
from apps.core.admin import ReadOnlyAdmin
from apps.valuations import actions
from apps.valuations.models import CurrentPrice, Sale, Source, Valuation


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
