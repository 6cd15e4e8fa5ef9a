"""What all of escrow's tables in the admin are made of: to look at, not to edit."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from apps.core.money import Money


@cache
def in_money(name: str) -> Callable[[Model], str]:
    """A column or a field that shows an amount in minor units as people write it: 12627 in USD is $126.27."""

    @display(description=name.removesuffix("_minor").replace("_", " "), ordering=name)
    def shown(row: Model) -> str:
        amount: int | None = getattr(row, name)
        currency = row.currency if hasattr(row, "currency") else row.hold.currency
        return "–" if amount is None else str(Money(amount, currency))

    shown.__name__ = f"{name}_in_money"
    return shown


class _ToLook:
    """Rows come from actions alone."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody adds rows here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody deletes rows here."""
        return False


class ReadOnly(_ToLook, ModelAdmin):
    """A table to look at."""

    list_per_page = 50
    show_full_result_count = False
    amounts: tuple[str, ...] = ()
    """Amounts in minor units whose names do not say so; those that end in _minor are known."""
    has_a_field_to_fill = False

    def _is_amount(self, name: str) -> bool:
        return name in self.amounts or name.endswith("_minor")

    def get_readonly_fields(self, request: HttpRequest, obj: object = None) -> list[str | Callable[[Model], str]]:
        """Every field, amounts with their currency."""
        names = [field.name for field in self.model._meta.fields]
        return [in_money(name) if self._is_amount(name) else name for name in names]

    def get_exclude(self, request: HttpRequest, obj: object = None) -> list[str]:
        """What is shown in another way is no field of the form."""
        return [field.name for field in self.model._meta.fields if self._is_amount(field.name)]

    def save_model(self, request: HttpRequest, obj: object, form: object, change: bool) -> None:
        """Nothing to keep: whoever may act on a row, and sends its page all the same, changes none of it."""

    def render_change_form(
        self, request: HttpRequest, context: dict[str, object], *args: object, **given: object
    ) -> HttpResponse:
        """Where nothing can be filled in there is nothing to save."""
        if not self.has_a_field_to_fill:
            context |= {"show_save": False, "show_save_and_continue": False}
        return super().render_change_form(request, context, *args, **given)


class Rows(_ToLook, TabularInline):
    """Rows inside another page, to look at."""

    extra = 0
    can_delete = False
    show_change_link = True

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody edits rows here."""
        return False
