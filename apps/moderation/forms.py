"""The moderator's decision."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.forms import MinorUnitsField
from apps.escrow.models import Dispute


class DecisionForm(forms.Form):
    """Who gets the money, and why. Both sides read the reason."""

    outcome = forms.ChoiceField(label=_("Decision"), choices=Dispute.Outcome.choices, widget=forms.RadioSelect)
    refund_minor = MinorUnitsField(label=_("Refund to the buyer, for a split"), required=False)
    decision = forms.CharField(
        label=_("Reason, shown to both sides"), max_length=4000, widget=forms.Textarea({"rows": 4})
    )

    def clean(self) -> dict[str, object]:
        """A split says how much goes back."""
        cleaned = super().clean()
        if cleaned.get("outcome") == Dispute.Outcome.SPLIT and not cleaned.get("refund_minor"):
            self.add_error("refund_minor", _("Say how much goes back to the buyer."))
        return cleaned
