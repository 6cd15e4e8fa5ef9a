"""The catalogue as moderators see it; admins correct facts, and every correction is in the audit trail."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.postgres.search import SearchQuery
from django.core.exceptions import ValidationError
from django.db.models import Count, Model, QuerySet
from django.forms import BaseFormSet, CharField, ModelForm
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from apps.catalog import actions
from apps.catalog.models import Barcode, Category, ExternalId, Product, ProductImage, Release, Variant
from apps.catalog.search.meaning import understand
from apps.core import audit
from apps.core.admin import ReadOnlyAdmin
from ml import gtin


class CorrectedAdmin(ModelAdmin):
    """Rows that importers write: an admin corrects some of their facts (`corrected`), nobody adds or deletes any here."""

    corrected: tuple[str, ...] = ()
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Importers add."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Inventories and trades refer to what was once catalogued."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: object = None) -> list[str]:
        """All but what may be corrected."""
        return [field.name for field in self.model._meta.fields if field.name not in self.corrected]

    def save_model(self, request: HttpRequest, obj: Model, form: object, change: bool) -> None:
        """Save, and leave what it was and what it is in the trail."""
        changed = form.changed_data
        audit.record(
            action=f"{obj._meta.model_name}.corrected",
            target=obj,
            by=request.user,
            before={name: str(form.initial.get(name)) for name in changed},
            after={name: str(form.cleaned_data.get(name)) for name in changed},
        )
        super().save_model(request, obj, form, change)


class _SearchedAdmin(CorrectedAdmin):
    """Rows whose names are searched: typos are compared with the corrected ones at once."""

    def save_model(self, request: HttpRequest, obj: Model, form: object, change: bool) -> None:
        """Save, and bring the vocabulary up to date."""
        super().save_model(request, obj, form, change)
        actions.refresh_vocabulary()


@admin.register(Category)
class CategoryAdmin(ReadOnlyAdmin):
    """The tree. It is written down in the product itself, and brought up to date with each migration."""

    list_display = ("path", "name", "game", "releases")
    search_fields = ("path", "name")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        """With the number of sets."""
        return super().get_queryset(request).annotate(release_count=Count("releases"))

    @display(description="sets", ordering="release_count")
    def releases(self, category: Category) -> int:
        """How many sets it has."""
        return category.release_count


@admin.register(Release)
class ReleaseAdmin(_SearchedAdmin):
    """Sets."""

    list_display = ("name", "code", "abbreviation", "series", "category", "released_on", "total_cards")
    list_filter = ("category",)
    list_select_related = ("category",)
    search_fields = ("name", "=code", "=abbreviation", "series")
    ordering = ("-released_on", "name")
    corrected = ("name", "series", "abbreviation", "released_on", "total_cards")


class _Rows(TabularInline):
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Importers add."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """To look."""
        return False


class BarcodeForm(ModelForm):
    """A barcode as somebody types or scans it."""

    value = CharField(label="Barcode", max_length=20, help_text="8, 12 or 13 digits as under the bars")

    class Meta:
        model = Barcode
        fields = ("value",)

    def clean_value(self) -> str:
        """The 13 digits that it stands for."""
        code = gtin.normal(self.cleaned_data["value"])
        if code is None:
            raise ValidationError("This is not a barcode: check the digits under the bars, all of them.")
        return code


class BarcodeInline(TabularInline):
    """Barcodes of a product's boxes: admins add those that importers do not know, and take wrong ones away."""

    model = Barcode
    form = BarcodeForm
    extra = 0


class VariantInline(_Rows):
    """Printings of a product."""

    model = Variant
    fields = ("finish", "treatment", "language", "is_default")


class ImageInline(_Rows):
    """Pictures of a product."""

    model = ProductImage
    fields = ("file", "source_url", "credit", "language", "is_primary")


class ExternalIdInline(_Rows):
    """What other sites call it."""

    model = ExternalId
    fields = ("source", "value", "variant")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExternalId]:
        """With what a variant's name is made of."""
        return super().get_queryset(request).select_related("variant__product")


@admin.register(Product)
class ProductAdmin(_SearchedAdmin):
    """Cards and other products, searched as on the site: half-typed words and typos find what they mean."""

    list_display = ("name", "number", "release", "rarity", "category")
    list_filter = ("category",)
    list_select_related = ("release", "category")
    search_fields = ("name",)
    search_help_text = "Name, number (4/102, OP01-016), set, barcode"
    ordering = ("-id",)
    fields = (
        "category", "release", "number", "name", "names", "rarity", "artist", "attributes", "created_at", "id",
    )  # fmt: skip
    inlines = (BarcodeInline, VariantInline, ImageInline, ExternalIdInline)
    corrected = ("name", "names", "rarity", "artist", "attributes")

    def save_formset(self, request: HttpRequest, form: ModelForm, formset: BaseFormSet, change: bool) -> None:
        """Save barcodes, and leave in the trail which were there before and which are there now."""
        product = form.instance
        before = [str(barcode) for barcode in product.barcodes.all()]
        super().save_formset(request, form, formset, change)
        after = [str(barcode) for barcode in product.barcodes.all()]
        if after != before:
            told = {"before": {"barcodes": before}, "after": {"barcodes": after}}
            audit.record(action="product.barcodes_corrected", target=product, by=request.user, **told)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        """Without the words of the full text."""
        return super().get_queryset(request).defer("search")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Product], search_term: str
    ) -> tuple[QuerySet[Product], bool]:
        """Products that the text means."""
        if not search_term.strip():
            return queryset, False
        understood = understand(search_term)
        if not understood.words:
            return queryset.none(), False
        return queryset.filter(search=SearchQuery(understood.tsquery, config="simple", search_type="raw")), False


@admin.register(ExternalId)
class ExternalIdAdmin(ReadOnlyAdmin):
    """Which products and printings another site's id leads to; some sites use one id for several cards."""

    list_display = ("source", "value", "product", "variant")
    list_filter = ("source",)
    list_select_related = ("product", "variant__product")
    search_fields = ("=value",)
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(ProductImage)
class ProductImageAdmin(ReadOnlyAdmin):
    """Reference pictures, fetched or not."""

    list_display = ("product", "file", "source_url", "credit", "language", "is_primary")
    list_filter = ("is_primary", ("file", admin.EmptyFieldListFilter))
    list_select_related = ("product",)
    search_fields = ("=file", "product__name")
    ordering = ("-id",)
    show_full_result_count = False
