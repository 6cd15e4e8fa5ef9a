"""Writes of reports: report, decide, appeal, decide the appeal. Each decision takes effect in its own transaction."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from apps.accounts import queries as accounts
from apps.accounts.models import User
from apps.accounts.restrictions import actions as restrictions
from apps.core import audit, outbox
from apps.core.errors import Conflict, InvalidInput, NotFound, NotYours
from apps.listings import actions as listings
from apps.listings.models import OPEN_STATES, Listing
from apps.trades.models import Review
from apps.trades.reports.events import ReportDecided
from apps.trades.reports.models import STEPS, Report, ReportState
from apps.trades.reputation.reviews import is_visible
from apps.trades.reputation.standing import refigure

MOST_OPEN = 20
APPEAL_WITHIN = dt.timedelta(days=14)


def described(*, kind: str, target_id: uuid.UUID) -> tuple[User, str]:
    """Whose the reported thing is, and what it is in words. Raises NotFound, InvalidInput."""
    if kind == Report.Kind.MEMBER:
        member = accounts.member(target_id)
        return member, str(member)
    if kind == Report.Kind.LISTING:
        rows = Listing.objects.select_related("seller", "item__variant__product")
        listing = rows.filter(pk=target_id, state__in=OPEN_STATES).first()
        if listing is None:
            raise NotFound("This listing is gone.")
        return listing.seller, listing.item.variant.product.name[:200]
    if kind == Report.Kind.REVIEW:
        review = Review.objects.select_related("author").filter(is_visible(timezone.now()), pk=target_id).first()
        if review is None:
            raise NotFound("There is no such review.")
        return review.author, (review.body or f"{review.rating} of 5")[:200]
    raise InvalidInput("Listings, members and reviews can be reported.", field="kind")


@transaction.atomic
def report(*, kind: str, target_id: uuid.UUID, reason: str, statement: str, by: User) -> Report:
    """Tell the moderators. The same thing again while it is open is the same report.

    Raises NotFound, InvalidInput, Conflict (too many open ones).
    """
    User.objects.select_for_update(no_key=True, of=("self",)).get(pk=by.pk)
    subject, title = described(kind=kind, target_id=target_id)
    if subject.pk == by.pk:
        raise InvalidInput("This is your own.")
    statement = statement.strip()
    if not 1 <= len(statement) <= 1000:
        raise InvalidInput("Say in 1 to 1,000 characters what is wrong.", field="statement")
    if reason not in Report.Reason.values:
        raise InvalidInput("Choose what is wrong.", field="reason")
    mine = Report.objects.filter(reporter=by, state=ReportState.OPEN)
    earlier = mine.filter(kind=kind, target_id=target_id).first()
    if earlier is not None:
        return earlier
    if mine.count() >= MOST_OPEN:
        raise Conflict(f"{MOST_OPEN} of your reports wait for a moderator. Let them be looked at first.")
    return Report.objects.create(
        reporter=by, subject=subject, kind=kind, target_id=target_id, title=title, reason=reason, statement=statement
    )


@transaction.atomic
def decide(
    *,
    report: Report,
    uphold: bool,
    decision: str,
    by: User,
    kept_from: Collection[str] = (),
    days: int = 0,
) -> Report:
    """A moderator's decision on a report, or on its appeal, which is the last one.

    Upheld, a listing is taken off the market and a review down; an appeal that succeeds shows the review again, and the
    seller may list anew. An upheld report on a member can keep them from listing, offers or buying (`kept_from`) for some
    days; an appeal that succeeds lifts that.

    Raises NotYours (no moderator, or one of the two), Conflict (not waiting), InvalidInput. Emits: report.decided.
    """
    report = _locked(report)
    if not by.is_moderator or by.pk in {report.reporter_id, report.subject_id}:
        raise NotYours("A moderator who is none of the two decides.")
    decision = decision.strip()
    if not 1 <= len(decision) <= 1000:
        raise InvalidInput("Give the reason; both read it.", field="decision")
    before = ReportState(report.state)
    if before not in {ReportState.OPEN, ReportState.APPEALED}:
        raise Conflict("This report was decided already.")
    report.state = STEPS[before]["uphold" if uphold else "dismiss"]
    if before == ReportState.OPEN:
        report.decision, report.decided_by, report.decided_at = decision, by, timezone.now()
    else:
        report.appeal_decision = decision
    report.save()
    if report.state == ReportState.UPHELD:
        _take_effect(report)
        if kept_from:
            _restrict(report, kept_from=kept_from, days=days, by=by)
    elif report.state == ReportState.OVERTURNED:
        _show_review(report, hidden=False)
        restrictions.lift(cause=_cause(report), reason=decision, by=by)
    audit.record(
        action="report.decided", target=report, by=by, before={"state": before}, after={"state": report.state},
        reason=decision,
    )  # fmt: skip
    outbox.emit(ReportDecided(report_id=report.pk, state=report.state))
    return report


@transaction.atomic
def appeal(*, report: Report, statement: str, by: User) -> Report:
    """Who was reported objects to an upheld report, once, within 14 days. Raises NotFound, Conflict, InvalidInput."""
    report = _locked(report)
    if report.subject_id != by.pk:
        raise NotFound("There is no such report.")
    statement = statement.strip()
    if not 1 <= len(statement) <= 1000:
        raise InvalidInput("Say in 1 to 1,000 characters why.", field="statement")
    if report.state != ReportState.UPHELD:
        raise Conflict("This can be appealed once, after it was upheld.")
    if report.decided_at <= timezone.now() - APPEAL_WITHIN:
        raise Conflict("The 14 days for an appeal have passed.")
    report.state, report.appeal, report.appealed_at = ReportState.APPEALED, statement, timezone.now()
    report.save(update_fields=["state", "appeal", "appealed_at"])
    return report


def _take_effect(report: Report) -> None:
    if report.kind == Report.Kind.LISTING:
        listing = Listing.objects.select_related("seller").get(pk=report.target_id)
        if listing.state in OPEN_STATES:
            listings.withdraw(listing=listing, by=listing.seller)
    else:
        _show_review(report, hidden=True)


def _restrict(report: Report, *, kept_from: Collection[str], days: int, by: User) -> None:
    if report.kind != Report.Kind.MEMBER:
        raise InvalidInput("Only a report on a member restricts the member.", field="kept_from")
    restrictions.restrict(
        member=report.subject, kept_from=kept_from, days=days, reason=report.decision, cause=_cause(report), by=by
    )


def _cause(report: Report) -> str:
    return f"report:{report.pk}"


def _show_review(report: Report, *, hidden: bool) -> None:
    if report.kind == Report.Kind.REVIEW:
        review = Review.objects.get(pk=report.target_id)
        Review.objects.filter(pk=review.pk).update(hidden_at=timezone.now() if hidden else None)
        refigure({review.subject_id})


def _locked(report: Report) -> Report:
    return Report.objects.select_for_update(of=("self",), no_key=True).get(pk=report.pk)
