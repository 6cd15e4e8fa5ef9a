"""Forms of alerts: what each kind asks for."""

from __future__ import annotations

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.alerts.actions import COOL_DOWNS, MOST_AMOUNT, MOST_PERCENT, default_cool_down
from apps.alerts.models import LINES, MOVES, OFFERS, PORTFOLIO, Comparison, Direction, Kind, Period, Rule
from apps.catalog.models import Product, Variant
from apps.core.conditions import Condition

CARD_KINDS = [(kind, kind.label) for kind in Kind if kind not in PORTFOLIO]
INVENTORY_KINDS = [(kind, kind.label) for kind in Kind if kind in PORTFOLIO]
_FALLING = (Kind.DROP, Kind.WORTH_DROP)


class RuleForm(forms.Form):
    """What an alert of one kind waits for: only the fields that the kind needs."""

    variant = forms.ModelChoiceField(
        Variant.objects.none(), label=_("Printing"), required=False, empty_label=_("Any printing")
    )
    condition = forms.ChoiceField(label=_("Condition"), required=False, choices=[("", _("Any")), *Condition.choices])
    comparison = forms.ChoiceField(label=_("Tell me when it is"))
    amount = forms.DecimalField(
        label=_("Price"), max_digits=12, decimal_places=2, min_value=Decimal("0.01"), max_value=MOST_AMOUNT
    )
    direction = forms.ChoiceField(label=_("Which way"), choices=Direction.choices)
    percent = forms.DecimalField(
        label=_("Percent"), max_digits=6, decimal_places=2, min_value=1, max_value=MOST_PERCENT
    )
    period = forms.ChoiceField(label=_("Within"), choices=Period.choices)
    cool_down_hours = forms.TypedChoiceField(
        label=_("Tell me at most once in"), coerce=int, choices=list(COOL_DOWNS.items())
    )

    def __init__(
        self,
        *args: object,
        kind: str,
        product: Product | None = None,
        printings: list[Variant] | None = None,
        rule: Rule | None = None,
        initial: dict[str, object] | None = None,
        **options: object,
    ) -> None:
        first = {"direction": Direction.EITHER, "period": Period.WEEK, "cool_down_hours": default_cool_down(kind)}
        if kind not in OFFERS:
            first["condition"] = Condition.NM
        if rule is not None:
            first |= {name: getattr(rule, name) for name in self.base_fields}
        super().__init__(*args, initial=first | (initial or {}), **options)
        self.kind = kind
        self._choose_printing(product, printings or [])
        self._drop_what_is_not_needed()
        for name in ("amount", "percent"):
            if name in self.fields:
                self.fields[name].widget.attrs["inputmode"] = "decimal"

    def _choose_printing(self, product: Product | None, printings: list[Variant]) -> None:
        if product is None:
            return
        field = self.fields["variant"]
        field.queryset = Variant.objects.filter(product=product)
        several = len({each.language for each in printings}) > 1
        field.choices = [
            ("", field.empty_label),
            *((each.pk, f"{each.label}, {each.language.upper()}" if several else each.label) for each in printings),
        ]

    def _drop_what_is_not_needed(self) -> None:
        kind, unneeded = self.kind, []
        if kind in PORTFOLIO:
            unneeded += ["variant", "condition"]
        elif kind not in OFFERS:
            self.fields["condition"].choices = Condition.choices
            self.fields["condition"].required = True
        if kind in LINES:
            falling = kind in _FALLING
            self.fields["comparison"].choices = (
                [(Comparison.UNDER, _("under this amount")), (Comparison.AT_MOST, _("at this amount or less"))]
                if falling
                else [(Comparison.OVER, _("above this amount")), (Comparison.AT_LEAST, _("at this amount or more"))]
            )
        else:
            unneeded.append("comparison")
        if kind == Kind.OFFER:
            self.fields["amount"].required = False
            self.fields["amount"].label = _("At most")
            self.fields["amount"].help_text = _("Empty: at any price.")
        elif kind not in LINES:
            unneeded.append("amount")
        if kind not in MOVES:
            unneeded += ["direction", "period"]
        if kind not in (*MOVES, Kind.DEAL):
            unneeded.append("percent")
        elif kind == Kind.DEAL:
            self.fields["percent"].max_value = 99
            self.fields["percent"].label = _("Percent under fair value")
        for name in unneeded:
            del self.fields[name]
