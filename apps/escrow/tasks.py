"""Celery's doors into escrow; the schedule is in the settings. Each may run several times at once and be killed."""

import datetime as dt

from celery import shared_task
from django.utils import timezone

from apps.escrow import actions, gateway, ledger
from apps.escrow.reconciling import runs


@shared_task(ignore_result=True)
def sweep_deadlines() -> None:
    """Carry out the deadlines that have passed."""
    actions.sweep_deadlines()


@shared_task(ignore_result=True)
def sweep_cases() -> None:
    """End offers, appeals and parcels of cases whose time is over."""
    actions.sweep_cases()


@shared_task(ignore_result=True)
def settle_due() -> None:
    """Close payments that nobody can make any more, and send transfers and refunds."""
    actions.close_abandoned()
    actions.settle_due()


@shared_task(ignore_result=True)
def reconcile_daily() -> None:
    """Compare our books with the processor's movements."""
    if gateway.configuration_problem() is None:
        runs.run_daily()


@shared_task(ignore_result=True)
def fetch_missed_webhooks() -> None:
    """Ask for messages of the last two hours that did not arrive."""
    if gateway.configuration_problem() is None:
        actions.fetch_missed(since=timezone.now() - dt.timedelta(hours=2))


@shared_task(ignore_result=True)
def handle_webhooks() -> None:
    """Handle the messages in the inbox."""
    actions.handle_webhooks()


@shared_task(ignore_result=True)
def seal_ledger() -> None:
    """Carry the chain of hashes on over what was posted since."""
    ledger.seal()


@shared_task(ignore_result=True, soft_time_limit=3600, time_limit=3660)
def check_ledger() -> None:
    """Prove every invariant of the books, and keep what was found."""
    actions.prove_books()
