"""Forms of alerts: what each kind asks for."""

from __future__ import annotations

import uuid
from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.alerts.actions import COOL_DOWNS, MOST_AMOUNT, MOST_PERCENT, default_cool_down
from apps.alerts.many import Terms
from apps.alerts.models import LINES, MOVES, OF_RULES, OFFERS, PORTFOLIO, Comparison, Direction, Kind, Period, Rule
from apps.catalog.models import Product, Release, Variant
from apps.catalog.queries import releases
from apps.core.conditions import Condition

SOURCES: list[tuple[str, object]] = [
    ("list", _("A list")),
    ("set", _("A set")),
    ("missing", _("What I lack of a set")),
    ("inventory", _("My inventory")),
]
"""Where the cards of many alerts at once come from."""
CARD_KINDS = [(kind, kind.label) for kind in OF_RULES if kind not in PORTFOLIO]
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
        label=_("Amount in USD"), max_digits=12, decimal_places=2, min_value=Decimal("0.01"), max_value=MOST_AMOUNT
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
            first |= {name: getattr(rule, name) for name in RuleForm.base_fields}
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
            self.fields["amount"].label = _("At most, in USD")
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


class ManyForm(RuleForm):
    """One alert for each of many cards: which cards, and what each of them waits for."""

    text = forms.CharField(
        label=_("Cards, one to a line"),
        max_length=20_000,
        widget=forms.Textarea({"rows": 8, "spellcheck": "false"}),
        help_text=_("Name, number or set as in the search: Charizard ex 199/165. An amount of its own behind @: @ 80"),
    )
    release = forms.CharField(label=_("Set"), max_length=120, help_text=_("Its code or its whole name."))

    def __init__(self, *args: object, source: str, **options: object) -> None:
        super().__init__(*args, **options)
        self.source = source
        if self.kind in LINES:
            # One amount hardly fits many cards: each line crosses so many percent from its own price of now.
            del self.fields["amount"], self.fields["comparison"]
            falling = self.kind in _FALLING
            self.fields["away"] = forms.DecimalField(
                label=_("Percent under the price of now") if falling else _("Percent above the price of now"),
                min_value=1,
                max_value=99 if falling else MOST_PERCENT,
                max_digits=6,
                decimal_places=2,
                initial=10,
                widget=forms.NumberInput({"inputmode": "decimal"}),
            )
        del self.fields["variant"]
        unneeded = {"list": ["release"], "inventory": ["text", "release"]}.get(source, ["text"])
        for name in unneeded:
            del self.fields[name]
        first = [name for name in ("text", "release") if name in self.fields]
        after = ["away"] if "away" in self.fields else []
        self.order_fields([*first, "condition", *after])

    def clean_release(self) -> Release:
        """The set of that code or name."""
        text = self.cleaned_data["release"]
        try:
            return Release.objects.get(pk=uuid.UUID(text))
        except (ValueError, Release.DoesNotExist):
            found = releases(text=text, limit=20).rows
        exact = [each for each in found if text.casefold() in (each.code.casefold(), each.abbreviation.casefold())]
        fitting = exact or [each for each in found if each.name.casefold() == text.casefold()] or list(found)
        if len(fitting) != 1:
            names = ", ".join(each.name for each in fitting[:5])
            raise forms.ValidationError(
                _("Several sets fit: %(names)s.") % {"names": names} if names else _("There is no such set.")
            )
        return fitting[0]

    def terms(self) -> Terms:
        """What each card waits for, of the cleaned form."""
        told = {name: value for name, value in self.cleaned_data.items() if name not in ("text", "release")}
        return Terms(kind=self.kind, **told)
