"""A sale's case, as its two sides open, answer and end it. What a case is: escrow's cases."""

from __future__ import annotations

from typing import BinaryIO

from django.db import transaction

from apps.accounts.models import User
from apps.core.errors import Conflict
from apps.escrow import actions as escrow
from apps.escrow.cases.models import ACTIVE
from apps.escrow.models import Dispute, Evidence
from apps.trades.actions.locking import locked
from apps.trades.models import Trade


@transaction.atomic
def withdraw_dispute(*, trade: Trade, by: User) -> Trade:
    """The buyer takes the case back; the inspection begins anew. Raises NotYours, Conflict."""
    trade = locked(trade, buyer=by)
    escrow.withdraw_dispute(dispute=_open_case(trade), by=by)
    return trade


@transaction.atomic
def open_dispute(*, trade: Trade, by: User, reason: str, statement: str) -> Dispute:
    """Stop the clock and ask the other side, then a moderator. Raises NotYours, Conflict, InvalidInput."""
    trade = locked(trade, either=by)
    return escrow.open_dispute(hold=trade.hold, by=by, reason=reason, statement=statement)


@transaction.atomic
def answer_dispute(*, trade: Trade, by: User, statement: str) -> Dispute:
    """The other side tells its view; a moderator is next. Raises NotYours, Conflict, InvalidInput."""
    return escrow.answer_dispute(dispute=_open_case(locked(trade, either=by)), by=by, statement=statement)


def add_evidence(*, trade: Trade, by: User, note: str = "", upload: BinaryIO | None = None) -> Evidence:
    """Put a note or a picture into the open case. Raises NotYours, Conflict, InvalidInput, TooLarge, UnsupportedType."""
    return escrow.add_evidence(dispute=_open_case(trade), by=by, note=note, upload=upload)


def _open_case(trade: Trade) -> Dispute:
    case = trade.hold.disputes.filter(state__in=ACTIVE).first()
    if case is None:
        raise Conflict("There is no open case.")
    return case
