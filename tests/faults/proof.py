"""What must be true of the running system once it has come to rest. Needs Django; import it after System.attach."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping

from django.db import connection
from django.utils import timezone

from apps.core.models import Delivery
from apps.escrow import actions, ledger
from apps.escrow.models import Hold, Settlement, WebhookEvent
from apps.escrow.reconciling.runs import run as reconcile
from tests.faults.company import double_payments
from tests.faults.system import System, wait_for
from tests.proofs import COPIES, MONEY, Proof


def calm() -> bool:
    """Whether no news, message or settlement waits that could be carried on."""
    return not (
        WebhookEvent.objects.filter(handled_at=None, parked_at=None).exists()
        or Settlement.objects.filter(state="due").exists()
        or news_waits()
    )


def news_waits() -> bool:
    """Whether an event has not been carried to everybody who listens."""
    return Delivery.objects.filter(delivered_at=None, parked_at=None).exists()


def proof(system: System, copies: Mapping[uuid.UUID, int]) -> list[str]:
    """What is not as it must be: the books, the copies, the company's own movements, deadlocks; in words."""
    actions.fetch_missed(since=timezone.now() - dt.timedelta(days=1))
    wait_for(calm, within=300, what="the inbox to empty")
    checked = ledger.examine()
    print(f"books: {checked.transactions} transactions, {checked.entries} entries, {checked.seals} seals")
    found = [str(each) for each in checked.findings]
    found += Proof("at_rest", MONEY | COPIES, None, copies).findings()
    made = reconcile(since=None)
    print(f"reconciliation: {made.differences.count()} differences")
    found += [f"reconciliation: {made.error}"] if made.error else []
    found += [f"reconciliation: {each}" for each in made.differences.all()]
    found += [f"parked: {each}: {each.last_error[-200:]}" for each in Delivery.objects.exclude(parked_at=None)[:10]]
    found += double_payments({str(pk) for pk in Hold.objects.values_list("pk", flat=True)})
    with connection.cursor() as cursor:
        cursor.execute("select deadlocks from pg_stat_database where datname = current_database()")
        [deadlocks] = cursor.fetchone()
    print(f"deadlocks: {deadlocks}", flush=True)
    return found + ([f"{deadlocks} deadlocks"] if deadlocks else [])
