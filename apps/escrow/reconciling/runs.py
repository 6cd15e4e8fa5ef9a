"""The daily comparison: what never arrived is fetched, the two sides are compared, every difference is kept."""

from __future__ import annotations

import datetime as dt

import structlog
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core import audit
from apps.core.errors import InvalidInput, NotYours
from apps.escrow.actions import fetch_missed, handle_webhooks
from apps.escrow.processor import GatewayError
from apps.escrow.reconciliation import Report, reconcile
from apps.escrow.reconciling.models import ReconciliationDifference, ReconciliationRun

log = structlog.get_logger()

WINDOW = dt.timedelta(days=8)
MISSED = dt.timedelta(days=3)
_SUNDAY = 6


def run_daily(*, now: dt.datetime | None = None) -> ReconciliationRun:
    """Compare the last week, on Sundays everything. Several runs of a day do no harm.

    A processor that does not answer leaves its error in the run.
    """
    now = now or timezone.now()
    return run(since=None if now.weekday() == _SUNDAY else now - WINDOW, now=now)


def run(*, since: dt.datetime | None, now: dt.datetime | None = None) -> ReconciliationRun:
    """Compare and keep what was found. since None: everything, and the totals."""
    now = now or timezone.now()
    made = ReconciliationRun.objects.create(day=now.date(), since=since)
    try:
        made.missed = fetch_missed(since=now - MISSED)
        handle_webhooks()
        report = reconcile(since=since)
    except GatewayError as error:
        made.error = f"{error.code}: {error.message}"[:300]
        made.save(update_fields=["error", "missed"])
        log.warning("reconciliation.failed", code=error.code)
        return made
    _keep(made, report)
    return made


@transaction.atomic
def _keep(made: ReconciliationRun, report: Report) -> None:
    now = timezone.now()
    for each in report.differences:
        ReconciliationDifference.objects.update_or_create(
            subject=each.subject,
            currency=each.currency,
            ours=each.ours,
            theirs=each.theirs,
            gone_at=None,
            defaults={"last_run": made},
            create_defaults={"first_run": made, "last_run": made},
        )
    if made.since is None:
        # Only a look at everything says that a difference is gone rather than out of sight.
        ReconciliationDifference.objects.filter(gone_at__isnull=True).exclude(last_run=made).update(gone_at=now)
    made.movements, made.matched, made.booked = report.movements, report.matched, report.booked
    made.differing = len(report.differences)
    made.unexplained = made.differences.filter(explained_at__isnull=True).count()
    made.finished_at = now
    made.save()
    if made.unexplained:
        log.error("reconciliation.differs", run=str(made.pk), unexplained=made.unexplained)


@transaction.atomic
def explain(*, difference: ReconciliationDifference, reason: str, by: User) -> ReconciliationDifference:
    """A moderator says why the two sides may differ here. Raises NotYours, InvalidInput."""
    if not by.is_moderator:
        raise NotYours
    reason = reason.strip()
    if not reason:
        raise InvalidInput("Say why the two sides may differ here.", field="reason")
    difference = ReconciliationDifference.objects.select_for_update(no_key=True).get(pk=difference.pk)
    difference.reason, difference.explained_by, difference.explained_at = reason[:500], by, timezone.now()
    difference.save(update_fields=["reason", "explained_by", "explained_at"])
    audit.record(action="reconciliation.explain", target=difference, by=by, reason=reason)
    for each in ReconciliationRun.objects.filter(differences=difference):
        each.unexplained = each.differences.filter(explained_at__isnull=True).count()
        each.save(update_fields=["unexplained"])
    return difference
