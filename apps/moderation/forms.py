"""The moderator's decision."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.core.forms import MinorUnitsField
from apps.core.money import Money
from apps.escrow.cases.models import Remedy
from apps.escrow.models import Dispute, Hold


class DecisionForm(forms.Form):
    """Who gets the money, and why. Both sides read the reason."""

    outcome = forms.ChoiceField(
        label=_("Decision"),
        choices=[
            (Dispute.Outcome.RELEASE, _("For the seller: release the money")),
            (Dispute.Outcome.REFUND, _("For the buyer: refund the money")),
            (Dispute.Outcome.SPLIT, _("Split it")),
            (Remedy.RETURN, _("Have it returned first, then refund")),
        ],
        widget=UnfoldAdminRadioSelectWidget,
    )
    refund_minor = MinorUnitsField(
        label=_("Back to the buyer, for a split or a return"), required=False, widget=UnfoldAdminTextInputWidget
    )
    decision = forms.CharField(
        label=_("Reason"),
        max_length=4000,
        widget=UnfoldAdminTextareaWidget({"rows": 5}),
        help_text=_("Both sides read it."),
    )

    def __init__(self, *args: object, hold: Hold, **options: object) -> None:
        super().__init__(*args, **options)
        self.hold = hold
        most = Money(hold.amount_minor - 1, hold.currency)
        self.fields["refund_minor"].help_text = _("A split: at most %(most)s. A return: all, unless less is said.") % {
            "most": most
        }

    def clean(self) -> dict[str, object]:
        """A split says how much goes back, and leaves something for both."""
        cleaned = super().clean()
        refund = cleaned.get("refund_minor")
        if cleaned.get("outcome") == Dispute.Outcome.SPLIT and "refund_minor" not in self.errors:
            if not refund:
                self.add_error("refund_minor", _("Say how much goes back to the buyer."))
            elif refund >= self.hold.amount_minor:
                self.add_error("refund_minor", _("A split leaves something for the seller."))
        return cleaned
