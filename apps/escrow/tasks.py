"""Celery's doors into escrow; the schedule is in the settings. Each may run several times at once and be killed."""

from celery import shared_task

from apps.escrow import actions, ledger


@shared_task(ignore_result=True)
def sweep_deadlines() -> None:
    """Carry out the deadlines that have passed."""
    actions.sweep_deadlines()


@shared_task(ignore_result=True)
def settle_due() -> None:
    """Close payments that nobody can make any more, and send transfers and refunds."""
    actions.close_abandoned()
    actions.settle_due()


@shared_task(ignore_result=True)
def handle_webhooks() -> None:
    """Handle the messages in the inbox."""
    actions.handle_webhooks()


@shared_task(ignore_result=True)
def seal_ledger() -> None:
    """Carry the chain of hashes on over what was posted since."""
    ledger.seal()
