"""What moderators look at: what waits, the queue of cases by urgency, one case with everything about it."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db.models import Case, Exists, IntegerField, OuterRef, Prefetch, Q, QuerySet, Value, When
from django.utils import timezone

from apps.core.errors import NotFound
from apps.core.models import AuditEntry, Delivery, RejectedInput
from apps.core.pagination import Page
from apps.escrow import ledger
from apps.escrow.approvals.models import Approval
from apps.escrow.cases.models import ACTIVE, CaseEntry, CaseOffer, CaseRuling
from apps.escrow.cases.states import may_follow
from apps.escrow.models import Chargeback, Dispute, Hold, LedgerEntry, Settlement, WebhookEvent
from apps.notifications.models import Dispatch, Mail
from apps.risk import queries as risk
from apps.trades.models import Message, Trade, TradeLine
from apps.trades.reports.models import Report, ReportState
from apps.valuations.models import FeedRun

LATELY = dt.timedelta(days=1)


@dataclass(frozen=True)
class CaseFile:
    """One case: the dispute, its hold and trade, the money's entries, what is known of both sides, and the trail."""

    dispute: Dispute
    hold: Hold
    trade: Trade | None
    entries: list[LedgerEntry]
    trail: list[AuditEntry]
    earlier: list[Dispute]

    @property
    def is_open(self) -> bool:
        """Whether it can be decided now."""
        return may_follow(self.dispute.state, "rule")


@dataclass(frozen=True)
class Waiting:
    """How many things wait for somebody who works here."""

    cases: int
    checks: int
    unanswered: int
    settlements: int
    chargebacks: int
    deliveries: int
    webhooks: int
    reports: int
    appeals: int
    approvals: int
    rejects: int
    feeds: int
    messages: int


def waiting() -> Waiting:
    """Everything that waits."""
    disputes = Dispute.objects.filter(state__in=ACTIVE)
    return Waiting(
        cases=disputes.filter(_is_moderators_turn()).count(),
        checks=risk.how_many_wait(),
        unanswered=disputes.exclude(_is_moderators_turn()).count(),
        settlements=Settlement.objects.filter(state=Settlement.State.FAILED).count(),
        chargebacks=Chargeback.objects.filter(state=Chargeback.State.OPEN).count(),
        deliveries=Delivery.objects.filter(parked_at__isnull=False, delivered_at__isnull=True).count(),
        webhooks=WebhookEvent.objects.filter(parked_at__isnull=False, handled_at__isnull=True).count(),
        reports=Report.objects.filter(state=ReportState.OPEN).count(),
        appeals=Report.objects.filter(state=ReportState.APPEALED).count(),
        approvals=Approval.objects.filter(state=Approval.State.OPEN).count(),
        rejects=RejectedInput.objects.filter(at__gte=timezone.now() - LATELY).count(),
        feeds=FeedRun.objects.filter(state=FeedRun.State.FAILED, ended_at__gte=timezone.now() - LATELY).count(),
        messages=sum(rows.filter(state="parked").count() for rows in (Mail.objects, Dispatch.objects)),
    )


def cases_to_decide() -> int:
    """How many cases are a moderator's turn."""
    return Dispute.objects.filter(_is_moderators_turn(), state__in=ACTIVE).count()


def _is_moderators_turn() -> Q:
    """Taken to a moderator, appealed, or not answered in time."""
    unanswered = Q(state=Dispute.State.OPEN, answer_due_at__lte=timezone.now())
    return Q(state__in=[Dispute.State.ESCALATED, Dispute.State.APPEALED]) | unanswered


def open_cases(*, limit: int, offset: int = 0) -> Page[Dispute]:
    """Cases that wait: escalated ones, then those that are a moderator's turn, then by stakes and age."""
    rank = Case(
        When(_is_moderators_turn(), escalated_at__isnull=False, then=Value(0)),
        When(_is_moderators_turn(), then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    overdue = Exists(CaseEntry.objects.filter(dispute=OuterRef("pk"), what=CaseEntry.What.URGENT))
    rows: QuerySet[Dispute] = Dispute.objects.filter(state__in=ACTIVE)
    total = rows.count()
    rows = rows.select_related("hold__payer", "hold__payee", "opened_by").annotate(rank=rank, is_overdue=overdue)
    rows = rows.order_by("rank", "-hold__amount_minor", "created_at")
    return Page(list(rows[offset : offset + limit]), total, limit, offset)


def case_file(*, pk: uuid.UUID) -> CaseFile:
    """Everything about one case; a fixed number of queries. Raises NotFound."""
    dispute = (
        Dispute.objects.select_related("hold__payer", "hold__payee", "opened_by", "decided_by")
        .prefetch_related(
            "evidence__by",
            "hold__payments",
            "hold__settlements",
            "parcels__sender",
            Prefetch("offers", CaseOffer.objects.select_related("by").order_by("-created_at")),
            Prefetch("rulings", CaseRuling.objects.select_related("by").order_by("-created_at")),
            Prefetch("log", CaseEntry.objects.select_related("by").order_by("pk")),
        )
        .filter(pk=pk)
        .first()
    )
    if dispute is None:
        raise NotFound("There is no such case.")
    hold = dispute.hold
    lines = TradeLine.objects.select_related("item__variant__product__release").prefetch_related("item__photos")
    trade = (
        Trade.objects.filter(hold=hold)
        .select_related("buyer", "seller")
        .prefetch_related(
            Prefetch("lines", lines), "shipments", Prefetch("messages", Message.objects.select_related("author"))
        )
        .first()
    )
    targets = [str(hold.pk), str(dispute.pk)]
    trail = AuditEntry.objects.filter(target_id__in=targets).order_by("at", "pk")
    sides = [hold.payer_id, hold.payee_id]
    earlier = (
        Dispute.objects.filter(Q(hold__payer__in=sides) | Q(hold__payee__in=sides))
        .exclude(pk=dispute.pk)
        .select_related("hold__payer", "hold__payee")
        .order_by("-created_at")[:10]
    )
    return CaseFile(dispute, hold, trade, _entries(hold), list(trail), list(earlier))


def _entries(hold: Hold) -> list[LedgerEntry]:
    """What was posted for the hold, and what became of it: its own postings and those of its settlements."""
    causes = [f"settlement:{settlement.pk}" for settlement in hold.settlements.all()]
    of_the_hold = Q(transaction__entries__account__code=ledger.hold_account(hold.pk))
    return list(
        LedgerEntry.objects.filter(of_the_hold | Q(transaction__cause__in=causes))
        .select_related("transaction", "account")
        .distinct()
        .order_by("pk")
    )
