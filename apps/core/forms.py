"""Form fields that every room uses."""

from decimal import Decimal
from typing import Any

from django import forms

from apps.core.errors import DomainError
from apps.core.money import Money


def tell(form: forms.Form, error: DomainError) -> None:
    """Say what an action refused on the form: at the field that the error names, else above the whole."""
    named = str(error.details.get("field", ""))
    field = next((name for name in (named, f"{named}_minor") if name in form.fields), None)
    form.add_error(field, error.message)


class MinorUnitsField(forms.DecimalField):
    """An amount typed in major units (12.99), cleaned to minor units (1299)."""

    def __init__(self, *, currency: str = "USD", **options: Any) -> None:
        self.currency = currency
        options.setdefault("max_digits", 12)
        options.setdefault("decimal_places", 2)
        options.setdefault("min_value", Decimal(0))
        super().__init__(**options)

    def clean(self, value: object) -> int | None:
        """Minor units, or None for an empty optional field."""
        amount = super().clean(value)
        return None if amount is None else Money.from_decimal(amount, self.currency).amount_minor

    def prepare_value(self, value: object) -> object:
        """Minor units (from `initial`) back to major units; what was typed stays as typed."""
        return Money(value, self.currency).decimal if isinstance(value, int) else value

    def widget_attrs(self, widget: forms.Widget) -> dict[str, object]:
        """A numeric keyboard on phones."""
        return super().widget_attrs(widget) | {"inputmode": "decimal"}
