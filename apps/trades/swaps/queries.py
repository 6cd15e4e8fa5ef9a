"""Reads of swaps: piles and balance, the list, the room with who acts next."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Prefetch, Q
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.standing.queries import newcomer_limits
from apps.core.errors import NotFound
from apps.core.pagination import Page, Place, newest_first
from apps.escrow.cases.models import ACTIVE, UNRULED, CaseState
from apps.escrow.models import Dispute, HoldState
from apps.escrow.states import TERMINAL
from apps.listings.queries import picture_of
from apps.trades.swaps import reviewing
from apps.trades.swaps.fairness import Balance, Pile, Valued, balance, pile
from apps.trades.swaps.models import Side, Swap, SwapLine, SwapMessage
from apps.trades.swaps.states import BINDING, SwapState

_DEPOSIT_GOES = "your deposit goes to the other side"


def piles(swap: Swap, lines: Iterable[SwapLine]) -> dict[uuid.UUID, Pile]:
    """What each member gives, in sums."""
    by_member: dict[uuid.UUID, list[Valued]] = {member: [] for member in swap.members}
    for line in lines:
        by_member[line.giver_id].append(Valued(line.quantity, line.value_minor, line.low_minor, line.high_minor))
    return {member: pile(valued) for member, valued in by_member.items()}


def balance_for(swap: Swap, member_id: uuid.UUID) -> Balance:
    """The swap as one member sees it."""
    sums = piles(swap, swap.lines.all())
    sender = swap.sender_to(member_id)
    return balance(sums[member_id], sums[sender], pays=swap.cash_from(member_id) - swap.cash_from(sender))


def is_newcomer(member: User) -> bool:
    """Whether too little is known of a member to swap without security: sales and swaps count alike."""
    limits = newcomer_limits(member)
    if limits is None:
        return False
    swaps = Swap.objects.filter(_one_of(member), state=SwapState.COMPLETED).count()
    return swaps < limits.left


def _one_of(member: User) -> Q:
    return Q(proposer=member) | Q(other=member) | Q(third=member)


def _lines() -> Prefetch:
    rows = SwapLine.objects.select_related("item__variant__product__release").order_by("pk")
    return Prefetch("lines", rows.annotate(image_name=picture_of("item__variant__product")))


def _sides() -> Prefetch:
    return Prefetch("sides", Side.objects.select_related("hold", "member").order_by("pk"))


def of_member(*, member: User, limit: int = 30, offset: int = 0, after: Place | None = None) -> Page[Swap]:
    """A member's swaps, newest first; former proposals of the same bargaining are reached from the latest."""
    rows = (
        Swap.objects.filter(_one_of(member))
        .exclude(state=SwapState.COUNTERED)
        .select_related("proposer", "other", "third")
        .prefetch_related(_lines(), _sides(), "sides__hold__disputes")
    )
    return newest_first(rows, limit=limit, offset=offset, after=after)


def room(*, pk: uuid.UUID, reader: User) -> Swap:
    """A swap with all that its room shows. Others get NotFound; moderators may look."""
    swap = (
        Swap.objects.select_related("proposer", "other", "third", "answers")
        .prefetch_related(
            _lines(),
            _sides(),
            Prefetch("messages", SwapMessage.objects.select_related("author")),
            Prefetch("sides__hold__disputes", Dispute.objects.order_by("-created_at").prefetch_related("evidence__by")),
        )
        .filter(pk=pk)
        .first()
    )
    if swap is None or not (reader.pk in swap.members or reader.is_moderator):
        raise NotFound("This swap is not one of yours.")
    return swap


def is_checked(swap: Swap) -> bool:
    """Whether it waits for a moderator, as a whole or one of its payments; of what is loaded."""
    return swap.checked_since is not None or any(
        side.hold is not None and side.hold.checked_since is not None and side.hold.state == HoldState.FUNDED
        for side in swap.sides.all()
    )


@dataclass(frozen=True)
class NextStep:
    """What this reader can do, and by when; `what` is empty where nothing waits for them, and `waits` says for whom."""

    what: str
    due_at: dt.datetime | None
    otherwise: str
    waits: str = ""


def side_of(swap: Swap, member_id: uuid.UUID) -> Side:
    """One side, from what is loaded."""
    return next(side for side in swap.sides.all() if side.member_id == member_id)


def may(swap: Swap, reader: User, *, now: dt.datetime | None = None) -> dict[str, bool]:
    """Which buttons the room offers. The actions check again."""
    now = now or timezone.now()
    none = dict.fromkeys(
        (
            "answer",
            "counter",
            "decline",
            "withdraw",
            "pay",
            "ship",
            "receive",
            "content",
            "cancel",
            "object",
            "say",
            "review",
            "answer_case",
            "withdraw_case",
        ),
        False,
    )
    if reader.pk not in swap.members:
        return none
    mine, theirs = side_of(swap, reader.pk), side_of(swap, swap.sender_to(reader.pk))
    receiver = side_of(swap, swap.receiver_of(reader.pk))
    asked = swap.state == SwapState.PROPOSED and swap.proposer_id != reader.pk
    is_sent_for, is_waited_for = not _is_over(swap, receiver), not _is_over(swap, mine)
    parcels = swap.state in {SwapState.UNDER_WAY, SwapState.DISPUTED}
    lost_at = theirs.shipped_at and theirs.shipped_at + settings.TRADE_DEADLINES["lost"]
    my_case, their_case = _case(mine), _case(receiver)
    return {
        "answer": asked and mine.agreed_at is None,
        "counter": asked and not swap.is_ring,
        "decline": asked,
        "withdraw": swap.state == SwapState.PROPOSED and swap.proposer_id == reader.pk,
        "pay": swap.state == SwapState.AGREED and swap.checked_since is None
        and mine.hold is not None and mine.hold.state == HoldState.CREATED,
        "ship": parcels and mine.shipped_at is None and is_sent_for,
        "receive": parcels and theirs.shipped_at is not None and theirs.delivered_at is None and is_waited_for,
        "content": swap.state == SwapState.UNDER_WAY and theirs.delivered_at is not None and theirs.accepted_at is None
        and is_waited_for,
        "cancel": swap.state in {SwapState.AGREED, SwapState.UNDER_WAY} and not any(side.shipped_at for side in swap.sides.all()),
        "object": parcels and bool((mine.shipped_at or swap.broken_at) and theirs.shipped_at) and theirs.accepted_at is None
        and mine.hold is not None and mine.hold.state == HoldState.FUNDED
        and (theirs.delivered_at is not None or now >= lost_at),
        "answer_case": their_case is not None and their_case.answered_at is None and their_case.state in UNRULED,
        "withdraw_case": my_case is not None and my_case.opened_by_id == reader.pk and my_case.state in UNRULED,
        "say": True,
        "review": reviewing.is_open(swap, now=now),
    }  # fmt: skip


def _is_over(swap: Swap, receiver: Side) -> bool:
    """Whether in a ring the money for a parcel has moved; of what is loaded."""
    return swap.is_ring and receiver.hold is not None and receiver.hold.state in TERMINAL


def _case(side: Side) -> Dispute | None:
    """The side's open case."""
    if side.hold is None:
        return None
    return next((case for case in side.hold.disputes.all() if case.state in ACTIVE), None)


def cases(swap: Swap, reader: User) -> list[Dispute]:
    """All that was objected to; in a ring a member sees the cases that they are a side of."""
    return [
        case
        for side in swap.sides.all()
        if side.hold is not None
        and (reader.pk in (side.hold.payer_id, side.hold.payee_id) or reader.pk not in swap.members)
        for case in side.hold.disputes.all()
    ]


def next_step(swap: Swap, reader: User) -> NextStep:
    """What the reader has to do now, in words."""
    if is_checked(swap):
        return NextStep("", None, "", "We are looking at this swap")
    can = may(swap, reader)
    if can["answer"]:
        return NextStep("answer", swap.due_at, "the proposal ends")
    if can["pay"]:
        return NextStep("pay", swap.due_at, "the swap is cancelled and all cards are free again")
    if can["answer_case"]:
        return NextStep("answer the case", None, "a moderator decides without your answer")
    if can["ship"] and swap.state == SwapState.UNDER_WAY:
        otherwise = "nobody waits for it any more, and you pay for what came" if swap.is_ring else _DEPOSIT_GOES
        return NextStep("ship your parcel", swap.due_at, otherwise)
    if swap.state in BINDING and reader.pk in swap.members:
        theirs = side_of(swap, swap.sender_to(reader.pk))
        if can["content"]:
            return NextStep(
                "check the cards and say whether you are content", theirs.due_at, "your silence counts as yes"
            )
        if can["receive"]:
            parcel = f"the parcel of {theirs.member}" if swap.is_ring else "their parcel"
            return NextStep(f"say when {parcel} has arrived", theirs.due_at, "it counts as received")
    if swap.state == SwapState.DISPUTED and (case := _case_of(swap, reader)) is not None:
        return _case_step(swap, case, reader)
    return NextStep("", swap.due_at, "", _waits(swap))


def _waits(swap: Swap) -> str:
    """Whose turn it is and to do what, of what is loaded; empty where that cannot be said in one line."""
    sides = list(swap.sides.all())
    asked: dict[str, list[uuid.UUID]] = {
        "answer": [],
        "pay": [],
        "ship": [],
        "say that the parcel has arrived": [],
        "say whether all is fine": [],
    }
    for side in sides:
        receiver_id = swap.receiver_of(side.member_id)
        if swap.state == SwapState.PROPOSED and side.agreed_at is None:
            asked["answer"].append(side.member_id)
        elif swap.state == SwapState.AGREED and side.hold is not None and side.hold.state == HoldState.CREATED:
            asked["pay"].append(side.member_id)
        elif swap.state == SwapState.UNDER_WAY and not _is_over(swap, side_of(swap, receiver_id)):
            if side.shipped_at is None:
                asked["ship"].append(side.member_id)
            elif side.delivered_at is None:
                asked["say that the parcel has arrived"].append(receiver_id)
            elif side.accepted_at is None:
                asked["say whether all is fine"].append(receiver_id)
    what = next((what for what, members in asked.items() if members), "")
    names = [str(person) for person in swap.people if person.pk in asked.get(what, ())]
    return f"Waiting for {' and '.join(names)} to {what}" if names else ""


def _case_of(swap: Swap, reader: User) -> Dispute | None:
    """The open case that stands in the way: of the reader's own first where there are several."""
    found = [case for case in cases(swap, reader) if case.state in ACTIVE]
    return min(found, key=lambda case: case.turn_id != reader.pk, default=None)


def _case_step(swap: Swap, case: Dispute, reader: User) -> NextStep:
    """Who moves next in a case of the swap; the case's own page says what can be done there."""
    state = CaseState(case.state)
    if state == CaseState.RULED:
        return NextStep("", case.due_at, "", "A moderator has decided; both sides of the case may accept it or appeal")
    if case.turn_id is None or state in {CaseState.ESCALATED, CaseState.APPEALED}:
        return NextStep("", None, "", "Waiting for a moderator to decide")
    due_at = case.due_at if state == CaseState.RETURNING else case.turn_due_at or case.answer_due_at
    if case.turn_id == reader.pk:
        return NextStep("go on with the case", due_at, "the case goes on without you")
    name = next((str(person) for person in swap.people if person.pk == case.turn_id), "the other side")
    what = "answer the case" if state == CaseState.OPEN else "go on with the case"
    return NextStep("", due_at, "", f"Waiting for {name} to {what}")


@dataclass(frozen=True)
class Seen:
    """A swap as one reader sees it: a moderator sees it as who proposed. Of two, receiver and sender are the other one."""

    me: User
    receiver: User
    sender: User
    gives: list[SwapLine]
    gets: list[SwapLine]
    gives_sum: Pile
    gets_sum: Pile
    pays: int
    receives: int
    balance: Balance
    mine: Side
    theirs: Side
    is_mine: bool
    between: list[SwapLine]  # of a ring: what goes from who gets my cards to whose cards I get
    between_sum: Pile | None
    third: Side | None

    @property
    def other(self) -> str:
        """Everybody else, in words."""
        return f"{self.receiver} and {self.sender}" if self.third else str(self.receiver)

    @property
    def card(self) -> SwapLine:
        """The line that stands for the swap in a list: the dearest that is got."""
        return max(self.gets, key=lambda line: line.value_minor or 0)


def seen_by(swap: Swap, reader: User) -> Seen:
    """Both piles, cash and balance from the reader's side, of what is loaded."""
    people = {person.pk: person for person in swap.people}
    me = people.get(reader.pk, swap.proposer)
    receiver_id, sender_id = swap.receiver_of(me.pk), swap.sender_to(me.pk)
    lines = list(swap.lines.all())
    sums = piles(swap, lines)
    pays, receives = swap.cash_from(me.pk), swap.cash_from(sender_id)
    return Seen(
        me=me,
        receiver=people[receiver_id],
        sender=people[sender_id],
        gives=[line for line in lines if line.giver_id == me.pk],
        gets=[line for line in lines if line.giver_id == sender_id],
        gives_sum=sums[me.pk],
        gets_sum=sums[sender_id],
        pays=pays,
        receives=receives,
        balance=balance(sums[me.pk], sums[sender_id], pays=pays - receives),
        mine=side_of(swap, me.pk),
        theirs=side_of(swap, sender_id),
        is_mine=reader.pk in swap.members,
        between=[line for line in lines if line.giver_id == receiver_id] if swap.is_ring else [],
        between_sum=sums[receiver_id] if swap.is_ring else None,
        third=side_of(swap, receiver_id) if swap.is_ring else None,
    )


def steps(swap: Swap) -> list[dict[str, object]]:
    """The swap's progress for components/stepper.html."""
    sides = list(swap.sides.all())
    how_many = "All" if swap.is_ring else "Both"
    both_shipped = all(side.shipped_at for side in sides)
    both_arrived = all(side.delivered_at for side in sides)
    done = [
        ("Proposed", swap.created_at),
        ("Agreed", swap.agreed_at),
        ("Money held", swap.funded_at),
        (f"{how_many} shipped", max(side.shipped_at for side in sides) if both_shipped else None),
        (f"{how_many} arrived", max(side.delivered_at for side in sides) if both_arrived else None),
    ]
    shown = [{"label": label, "at": at, "state": "done" if at else "ahead"} for label, at in done]
    if swap.closed_at is None:
        current = next((step for step in shown if step["state"] == "ahead"), None)
        if current is not None and swap.state != SwapState.DISPUTED:
            current["state"] = "current"
        last = {"label": "In dispute" if swap.state == SwapState.DISPUTED else "Completed", "at": None}
        last["state"] = "problem" if swap.state == SwapState.DISPUTED else "ahead" if current else "current"
        return [*shown, last]
    shown = [step for step in shown if step["state"] == "done"]
    state = "done" if swap.state == SwapState.COMPLETED else "problem"
    return [*shown, {"label": swap.get_state_display(), "at": swap.closed_at, "state": state}]


def addresses(swap: Swap, reader: User) -> dict[str, dict]:
    """Where parcels go: one's own address, and the receiver's once all money is held and a parcel can leave."""
    if reader.pk not in swap.members:
        return {}
    may_send = swap.state in {SwapState.UNDER_WAY, SwapState.DISPUTED}
    theirs = side_of(swap, swap.receiver_of(reader.pk)).ship_to if may_send else {}
    return {"mine": side_of(swap, reader.pk).ship_to, "theirs": theirs}
