"""Compares our books with the processor's own list of movements, and books what only that list tells.

Only there we learn what the processor charged us for each payment and what it paid out to our bank. Everything else
must be in our books already, under the same id and with the same amount; whatever is not is a difference for an operator.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from django.db.models import Q

from apps.core.money import Money
from apps.escrow import gateway, ledger
from apps.escrow.models import Chargeback, LedgerAccount, Payment, Settlement

_OURS_ALONE = dt.timedelta(minutes=10)  # clocks differ: what lies so near the start is not missed over there
_AT_ONCE = 500  # postings by one call
_FEE_ROWS = frozenset({"stripe_fee", "stripe_fx_fee", "tax_fee"})
_BANK_ROWS = frozenset({"payout", "payout_cancel", "payout_failure"})


@dataclass(frozen=True)
class Difference:
    """One thing on which the two sides do not agree, in minor units; None: that side does not know of it."""

    subject: str
    ours: int | None
    theirs: int | None
    currency: str

    def __str__(self) -> str:
        ours, theirs = (
            "nothing" if minor is None else str(Money(minor, self.currency)) for minor in (self.ours, self.theirs)
        )
        return f"{self.subject}: {ours} in our books, {theirs} at the processor"


@dataclass
class Report:
    """What was compared. `booked` counts postings that this run made."""

    movements: int = 0
    matched: int = 0
    booked: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)


def reconcile(*, since: dt.datetime | None = None) -> Report:
    """Compare all movements since then; None: from the beginning, and then the totals as well. Safe to repeat.

    Raises GatewayError.
    """
    report = Report()
    start = since or dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    theirs: dict[tuple[str, str], int] = defaultdict(int)
    totals: dict[str, int] = defaultdict(int)
    told_alone: list[ledger.Posting] = []
    for row in gateway.balance_transactions(start):
        report.movements += 1
        report.by_kind[row.kind] += 1
        totals[row.currency] += row.net_minor
        told_alone += _told_alone(row)
        if len(told_alone) >= _AT_ONCE:
            report.booked += _book(told_alone)
            told_alone = []
        if row.kind not in _FEE_ROWS | _BANK_ROWS:
            # A bank's dispute is booked with its fee; other fees are told by their list alone.
            minor = row.net_minor if row.kind == "adjustment" else row.amount_minor
            theirs[row.source_id or row.id, row.currency] += minor
    report.booked += _book(told_alone)
    ours = _ours({source for source, _ in theirs}, start if since else None)
    for key in sorted(theirs.keys() | ours.keys()):
        if ours.get(key) == theirs.get(key):
            report.matched += 1
        elif ours.get(key, 0) or theirs.get(key, 0):
            report.differences.append(Difference(key[0], ours.get(key), theirs.get(key), key[1]))
    if since is None:
        report.differences += _total_differences(totals)
    return report


def _told_alone(row: gateway.BalanceRow) -> list[ledger.Posting]:
    """The posting of what only the processor's list tells: its fees, and what went to our bank."""
    if row.kind in _FEE_ROWS:
        account, minor = ledger.PROCESSING, row.net_minor
    elif row.kind in _BANK_ROWS:
        account, minor = ledger.BANK, row.net_minor
    elif row.kind != "adjustment" and row.fee_minor:
        account, minor = ledger.PROCESSING, -row.fee_minor
    else:
        return []
    if not minor:
        return []
    amount, key = Money(minor, row.currency), f"balance:{row.id}"
    kind = "processing" if account == ledger.PROCESSING else "payout"
    return [ledger.Posting(kind, key, key, [(ledger.CLEARING, -amount), (account, amount)])]


def _book(postings: list[ledger.Posting]) -> int:
    """Post what is not in the books yet; how many that were."""
    return sum(posted.is_new for posted in ledger.post_many(postings))


def _ours(sources: set[str], since: dt.datetime | None) -> dict[tuple[str, str], int]:
    """What our books say of these objects, and of all that we know of since then."""
    known: dict[tuple[str, str], int] = {}
    later = since + _OURS_ALONE if since else None
    arrived = Payment.objects.filter(state__in=[Payment.State.SUCCEEDED, Payment.State.RETURNED])
    left = Settlement.objects.exclude(stripe_id="")
    drawn = Chargeback.objects.all()
    if later is not None:
        arrived = arrived.filter(Q(charge_id__in=sources) | Q(paid_at__gte=later))
        left = left.filter(Q(stripe_id__in=sources) | Q(sent_at__gte=later))
        drawn = drawn.filter(stripe_id__in=sources)
    for charge_id, currency, minor in arrived.values_list("charge_id", "currency", "amount_minor"):
        known[charge_id, currency] = minor
    for settlement in left.only("stripe_id", "currency", "kind", "amount_minor", "recovered_minor", "state"):
        # One that failed came back, and the two movements cancel each other.
        moved = settlement.sent_minor if settlement.state == Settlement.State.SENT else 0
        is_back = settlement.kind == Settlement.Kind.REVERSAL
        known[settlement.stripe_id, settlement.currency] = moved if is_back else -moved
    for stripe_id, currency, minor in drawn.values_list("stripe_id", "currency", "drawn_minor"):
        known[stripe_id, currency] = -minor
    return known


def _total_differences(totals: dict[str, int]) -> list[Difference]:
    """The clearing account against the sum of everything that ever moved over there."""
    ours = {
        row.currency: -row.live_balance
        for row in LedgerAccount.objects.filter(code=ledger.CLEARING).order_by("currency")
    }
    return [
        Difference("everything together", ours.get(currency, 0), totals.get(currency, 0), currency)
        for currency in sorted(ours.keys() | totals.keys())
        if ours.get(currency, 0) != totals.get(currency, 0)
    ]
