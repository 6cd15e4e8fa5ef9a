"""What an operator does about a difference, by what it is about and who knows of it. No database here."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# (how the processor's id begins, known to us alone, known to them alone, both with other figures)
_ADVICE: tuple[tuple[str, str | Promise, str | Promise, str | Promise], ...] = (
    (
        "ch_",
        _(
            "We booked a payment that the processor does not list. Open it there: if it was made in another account or in"
            " test mode, the keys were exchanged at some time."
        ),
        _(
            "A payment arrived that we do not know. Its metadata names the hold: fetch missed messages again. Without a"
            " hold it is not from this product: refund it there."
        ),
        _("The amount paid is not the amount booked. Hold back what the sale pays out and compare the two by hand."),
    ),
    (
        "re_",
        _("We booked a refund that the processor does not list. Look whether it failed there; then try it again."),
        _("Money was given back that we did not send, for instance by hand in the processor's pages. Say who did it."),
        _("The refund has another amount than we booked. Correct what the buyer got by a second one."),
    ),
    (
        "trr_",
        _("We booked a reversal that the processor does not list. The seller may have been asked for money twice."),
        _("A transfer was reversed by hand. Say who did it, and correct what the seller owes us."),
        _("The reversal has another amount than we booked. Correct what the seller owes us."),
    ),
    (
        "tr_",
        _("We booked a transfer that the processor does not list. Try the settlement again before the seller asks."),
        _("A seller was paid that we did not pay, for instance by hand. Reverse it there, or say who did it."),
        _("The seller got another amount than we booked. Reverse or add the rest there."),
    ),
    (
        "du_",
        _("We booked a chargeback that the processor does not list. Look at the dispute there."),
        _("A bank drew money that we do not know of. Fetch missed messages again; the payment may not be ours."),
        _("The bank drew or returned more by now. Fetch missed messages again."),
    ),
)
_TOTAL = _(
    "The sum of all movements is not what our books say. The rows above explain it, or a posting was made that nothing at"
    " the processor caused: run check_ledger."
)
_OTHER = _("Open it in the processor's pages by this number and say what it was.")


def what_to_do(subject: str, ours: int | None, theirs: int | None) -> str:
    """The advice for one difference; ours and theirs in minor units, None for a side that does not know of it."""
    if subject == "everything together":
        return str(_TOTAL)
    for begins, ours_alone, theirs_alone, both in _ADVICE:
        if subject.startswith(begins):
            return str(ours_alone if theirs is None else theirs_alone if ours is None else both)
    return str(_OTHER)
