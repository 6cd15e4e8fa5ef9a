"""Reads of cases: one with all that its page shows, what its reader may do, whose turn it is, and the figures."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Count, DurationField, ExpressionWrapper, F, Prefetch, Q
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.core.errors import NotFound
from apps.core.pagination import Page, Place, newest_first
from apps.escrow.cases.models import ACTIVE, UNRULED, CaseEntry, CaseOffer, CaseParcel, CaseRuling, CaseState, Remedy
from apps.escrow.cases.states import may_follow
from apps.escrow.models import Dispute, Evidence


def came_back(hold_id: uuid.UUID) -> bool:
    """Whether what was sold, or swapped, under this hold went back to who sent it."""
    back = CaseParcel.objects.filter(dispute__hold=hold_id, remedy=Remedy.RETURN, received_at__isnull=False)
    return back.exists()


@dataclass(frozen=True)
class Seen:
    """A case as one reader sees it."""

    case: Dispute
    offer: CaseOffer | None
    ruling: CaseRuling | None
    parcel: CaseParcel | None
    log: list[CaseEntry]
    may: frozenset[str]
    who: str
    what: str
    due_at: dt.datetime | None
    otherwise: str

    @property
    def is_mine(self) -> bool:
        """Whether the reader is to move."""
        return self.who == "you"


def _whole() -> tuple[str | Prefetch, ...]:
    return (
        "evidence__by",
        Prefetch("offers", CaseOffer.objects.select_related("by").order_by("-created_at", "-pk")),
        Prefetch("rulings", CaseRuling.objects.select_related("by").order_by("-created_at", "-pk")),
        Prefetch("parcels", CaseParcel.objects.select_related("sender").order_by("-created_at")),
        Prefetch("log", CaseEntry.objects.select_related("by").order_by("pk")),
    )


def of_member(*, member: User, limit: int = 30, offset: int = 0, after: Place | None = None) -> Page[Dispute]:
    """A member's cases, newest first."""
    rows = (
        Dispute.objects.filter(Q(hold__payer=member) | Q(hold__payee=member))
        .select_related("hold__payer", "hold__payee", "opened_by", "turn")
        .prefetch_related(*_whole())
    )
    return newest_first(rows, limit=limit, offset=offset, after=after)


def document_of(*, pk: uuid.UUID, piece: uuid.UUID, reader: User) -> Evidence:
    """A PDF in a case that the reader may see. Raises NotFound."""
    found = Evidence.objects.select_related("dispute__hold").filter(pk=piece, dispute=pk).first()
    if found is None or not found.is_document or not _may_look(reader, found.dispute):
        raise NotFound("There is no such document.")
    return found


def _may_look(reader: User, case: Dispute) -> bool:
    """Both sides and moderators."""
    return reader.is_moderator or reader.pk in (case.hold.payer_id, case.hold.payee_id)


def case_for(*, pk: uuid.UUID, reader: User) -> Dispute:
    """A case with all that its page shows. Others get NotFound; moderators may look."""
    case = (
        Dispute.objects.select_related("hold__payer", "hold__payee", "opened_by", "turn", "asked_by", "decided_by")
        .prefetch_related(*_whole())
        .filter(pk=pk)
        .first()
    )
    if case is None or not _may_look(reader, case):
        raise NotFound("This case is not one of yours.")
    return case


def seen_by(case: Dispute, reader: User, *, now: dt.datetime | None = None) -> Seen:
    """What the reader sees and may do, from what case_for has loaded."""
    now = now or timezone.now()
    offer = next((each for each in case.offers.all() if each.state == CaseOffer.State.OPEN and each.due_at > now), None)
    parcel = next((each for each in case.parcels.all() if each.closed_at is None), None)
    ruling = next(iter(case.rulings.all()), None)
    who, what, due_at, otherwise = _next(case, reader, offer, parcel, ruling)
    return Seen(
        case=case,
        offer=offer,
        ruling=ruling,
        parcel=parcel or next(iter(case.parcels.all()), None),
        log=list(case.log.all()),
        may=_may(case, reader, offer, parcel, ruling),
        who=who,
        what=what,
        due_at=due_at,
        otherwise=otherwise,
    )


def _may(
    case: Dispute, reader: User, offer: CaseOffer | None, parcel: CaseParcel | None, ruling: CaseRuling | None
) -> frozenset[str]:
    """The steps that are the reader's now; the actions check again."""
    hold = case.hold
    if reader.pk not in (hold.payer_id, hold.payee_id) or case.state not in ACTIVE:
        return frozenset()
    is_payer = reader.pk == hold.payer_id
    consented = ruling is not None and (ruling.accepted_by_payer_at if is_payer else ruling.accepted_by_payee_at)
    told = {
        "answer": not is_payer and case.answered_at is None and case.state in UNRULED,
        "evidence": True,
        "offer": may_follow(case.state, "offer"),
        "accept": offer is not None and offer.by_id != reader.pk and may_follow(case.state, "accept"),
        "decline": offer is not None and offer.by_id != reader.pk and may_follow(case.state, "decline"),
        "ask": may_follow(case.state, "ask") and case.asked_by_id != reader.pk,
        "withdraw": is_payer and case.state in UNRULED,
        "consent": case.state == CaseState.RULED and not consented,
        "appeal": case.state == CaseState.RULED and not consented,
        "send": parcel is not None and parcel.sender_id == reader.pk and parcel.shipped_at is None,
        "receive": parcel is not None and parcel.sender_id != reader.pk and parcel.shipped_at is not None,
        "contest": parcel is not None and parcel.sender_id != reader.pk and parcel.shipped_at is not None,
        "release": is_payer and not hold.is_led,
        "refund": not is_payer,
    }
    return frozenset(name for name, allowed in told.items() if allowed)


def _next(
    case: Dispute, reader: User, offer: CaseOffer | None, parcel: CaseParcel | None, ruling: CaseRuling | None
) -> tuple[str, str, dt.datetime | None, str]:
    """Who moves, what they do, by when, and what happens otherwise."""
    state = CaseState(case.state)
    who = "you" if case.turn_id == reader.pk else str(case.turn) if case.turn_id else "a moderator"
    if state == CaseState.OPEN:
        return who, "answer", case.answer_due_at, "a moderator takes over"
    if state == CaseState.ANSWERED:
        what = (
            "answer the offer" if offer is not None and offer.by_id != case.turn_id else "offer a settlement, or wait"
        )
        late = "a moderator takes over" if case.asked_by_id else "the other side can have a moderator take over"
        return who, what, case.turn_due_at, late
    if state == CaseState.ESCALATED:
        return "a moderator", "decide", None, ""
    if state == CaseState.RULED:
        return "both", "accept the decision or appeal", case.due_at, "the decision is carried out"
    if state == CaseState.APPEALED:
        return "another moderator", "decide for good", None, ""
    if state == CaseState.RETURNING and parcel is not None:
        if parcel.shipped_at is None:
            back = parcel.remedy == Remedy.RETURN
            return who, "send the parcel", case.due_at, "the seller is paid" if back else "the buyer is refunded"
        return who, "say that the parcel has arrived", case.due_at, "it counts as received"
    return "", "", None, ""


class ReasonFigure(NamedTuple):
    """How many cases had a reason."""

    label: str
    cases: int


class OutcomeFigure(NamedTuple):
    """How many cases ended in a way; share of the settled ones."""

    label: str
    cases: int
    share: float


@dataclass(frozen=True)
class Figures:
    """How cases go. Shares are of the settled ones; days from opening to the end, None without any."""

    open: int
    settled: int
    withdrawn: int
    appealed: int
    median_days: float | None
    by_reason: list[ReasonFigure]
    by_outcome: list[OutcomeFigure]


@dataclass(frozen=True)
class SellerFigures:
    """How often a seller's sales end in a case, for moderators."""

    seller_id: uuid.UUID
    name: str
    cases: int
    open: int
    lost: int


def figures(*, since: dt.datetime | None = None) -> Figures:
    """Of all cases, or of those opened since; four queries whatever their number."""
    cases = Dispute.objects.all() if since is None else Dispute.objects.filter(created_at__gte=since)
    counted = cases.aggregate(
        open=Count("pk", filter=Q(state__in=ACTIVE)),
        settled=Count("pk", filter=Q(state=CaseState.DECIDED)),
        withdrawn=Count("pk", filter=Q(state=CaseState.WITHDRAWN)),
        appealed=Count("pk", filter=Q(rulings__appealed_at__isnull=False), distinct=True),
    )
    took = ExpressionWrapper(F("decided_at") - F("created_at"), output_field=DurationField())
    lasting = sorted(cases.filter(state=CaseState.DECIDED).annotate(took=took).values_list("took", flat=True))
    return Figures(
        **counted,
        median_days=_median([each.total_seconds() / 86_400 for each in lasting if each is not None]),
        by_reason=_labelled(Dispute.Reason, cases.values("reason").annotate(n=Count("pk")), "reason"),
        by_outcome=[
            OutcomeFigure(label, number, number / counted["settled"])
            for label, number in _labelled(
                Dispute.Outcome,
                cases.filter(state=CaseState.DECIDED).values("outcome").annotate(n=Count("pk")),
                "outcome",
            )
        ],
    )


def _labelled(choices: object, rows: object, field: str) -> list[ReasonFigure]:
    names = dict(choices.choices)
    found = [ReasonFigure(str(names[row[field]]), row["n"]) for row in rows if row[field]]
    return sorted(found, key=lambda each: -each.cases)


def _median(values: list[float]) -> float | None:
    """The middle of sorted values, or the mean of the two in the middle."""
    if not values:
        return None
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def by_seller(*, limit: int = 30) -> list[SellerFigures]:
    """Sellers with the most cases; lost are those in which money went back."""
    rows = (
        Dispute.objects.values("hold__payee", "hold__payee__display_name")
        .annotate(
            cases=Count("pk"),
            open=Count("pk", filter=Q(state__in=ACTIVE)),
            lost=Count("pk", filter=Q(outcome__in=[Dispute.Outcome.REFUND, Dispute.Outcome.SPLIT])),
        )
        .order_by("-cases", "hold__payee")[:limit]
    )
    return [
        SellerFigures(row["hold__payee"], row["hold__payee__display_name"], row["cases"], row["open"], row["lost"])
        for row in rows
    ]


def room_of(case: Dispute) -> str:
    """The address of the room that the case is about; empty where there is none."""
    kind, _, rest = case.hold.cause.partition(":")
    if kind not in ("trade", "swap"):
        return ""
    try:
        return reverse(kind, args=[rest.partition(":")[0]])
    except NoReverseMatch:
        return ""


def parcel_goes_to(case: Dispute, parcel: CaseParcel | None, reader: User) -> dict[str, str]:
    """Where a return that the reader owes goes: the other side's usual address, empty where none is known."""
    if parcel is None or parcel.closed_at or parcel.sender_id != reader.pk or parcel.remedy != Remedy.RETURN:
        return {}
    other = case.hold.payee if reader.pk == case.hold.payer_id else case.hold.payer
    found = other.addresses.filter(is_default=True).first()
    return found.as_text() if found is not None else {}
