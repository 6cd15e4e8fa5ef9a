"""The one table of a swap's steps: bargaining, then money, parcels and the end. Every transition looks here."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class SwapState(models.TextChoices):
    """Where a swap stands."""

    PROPOSED = "proposed", _("Waiting for an answer")
    AGREED = "agreed", _("Agreed, waiting for the money")
    UNDER_WAY = "under-way", _("Parcels under way")
    DISPUTED = "disputed", _("In dispute")
    COMPLETED = "completed", _("Completed")
    COUNTERED = "countered", _("Countered")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    EXPIRED = "expired", _("Not answered in time")
    VOID = "void", _("No longer possible")
    CANCELLED = "cancelled", _("Cancelled")
    BROKEN = "broken", _("One side did not ship")
    SETTLED = "settled", _("Settled by a decision")


_S = SwapState
STEPS: dict[SwapState, dict[str, SwapState]] = {
    _S.PROPOSED: {
        "agree": _S.AGREED,
        "agree-without-money": _S.UNDER_WAY,
        "counter": _S.COUNTERED,
        "decline": _S.DECLINED,
        "withdraw": _S.WITHDRAWN,
        "expire": _S.EXPIRED,
        "void": _S.VOID,
    },
    _S.AGREED: {
        "fund": _S.UNDER_WAY,
        "cancel": _S.CANCELLED,
        "expire": _S.CANCELLED,
        "object": _S.DISPUTED,  # a bank takes one side's payment back
        "settle": _S.SETTLED,
    },
    _S.UNDER_WAY: {
        "cancel": _S.CANCELLED,
        "expire": _S.CANCELLED,
        "break": _S.BROKEN,
        "complete": _S.COMPLETED,
        "object": _S.DISPUTED,
        "settle": _S.SETTLED,
    },
    _S.DISPUTED: {
        "resume": _S.UNDER_WAY,
        "complete": _S.COMPLETED,
        "settle": _S.SETTLED,
    },
}
BARGAINING = (_S.PROPOSED,)
BINDING = (_S.AGREED, _S.UNDER_WAY, _S.DISPUTED)  # copies are reserved, money may be held
LIVE = (*BARGAINING, *BINDING)
