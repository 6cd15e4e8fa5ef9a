"""Writes of risk: note what is seen and how fast things happen, judge, and what a moderator decides.

`judge` runs in the transaction of what it judges; who calls it holds what has to wait, and follows `risk.decided`.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, Sum
from django.utils import timezone

from apps.accounts.models import Address, User
from apps.core import audit, outbox
from apps.core.errors import Conflict, DomainError, InvalidInput, NotYours
from apps.risk import normal
from apps.risk.events import RiskDecided
from apps.risk.models import Act, Assessment, Reason, Sighting
from apps.risk.rules import About, Found, Verdict, score_of, verdict_of
from apps.risk.signs import signs

log = structlog.get_logger()

_SEE = """
insert into risk_sighting (member_id, kind, digest, first_at, last_at)
select m, k, d, %(at)s, %(at)s from unnest(%(members)s::uuid[], %(kinds)s::text[], %(digests)s::text[]) as s (m, k, d)
on conflict (member_id, kind, digest) do update set last_at = greatest(risk_sighting.last_at, excluded.last_at)
"""


class TooFast(DomainError):
    """Far more than people do in an hour or a day: most likely a program."""

    code, status = "TOO_FAST", 429
    message = "That is far more than is usual in so short a time. Try again in an hour, or write to us."


@dataclass(frozen=True)
class Judgement:
    """What was found. waits: the caller holds what was judged until it is decided."""

    verdict: Verdict = Verdict.PASS
    waits: bool = False


def is_on() -> bool:
    """Whether anything is noted and judged."""
    return settings.RISK_MODE != "off"


def see(seen: Iterable[tuple[uuid.UUID, str, str]], *, at: dt.datetime | None = None) -> None:
    """Note what members used: (member, kind of Sighting, value); empty values are nothing. One statement.

    The value is kept as a keyed hash alone (normal.py).
    """
    rows = sorted({(member, kind, normal.digest(kind, value)) for member, kind, value in seen if value})
    if rows and is_on():
        members, kinds, digests = zip(*rows, strict=True)
        with connection.cursor() as cursor:
            given = {"at": at or timezone.now(), "members": list(members)}
            cursor.execute(_SEE, given | {"kinds": [str(kind) for kind in kinds], "digests": list(digests)})


def see_address(member_id: uuid.UUID, address: Mapping[str, str], *, at: dt.datetime | None = None) -> None:
    """Note where a member's parcels go, and with whom they may live. One statement."""
    see(_of_address(member_id, address), at=at)


def _of_address(member_id: uuid.UUID, address: Mapping[str, str]) -> list[tuple[uuid.UUID, str, str]]:
    return [
        (member_id, Sighting.Kind.ADDRESS, normal.address(address)),
        (member_id, Sighting.Kind.HOUSEHOLD, normal.household(address)),
    ]


def count(kind: str, *, by: User, copies: int = 1, at: dt.datetime | None = None) -> None:
    """Count an act (a kind of RISK["pace"]). Two queries.

    Raises TooFast where it is several times what is usual, whatever else is known of the member.
    """
    if not is_on():
        return
    at = at or timezone.now()
    note_act(kind, by=by, copies=copies, at=at)
    hour, day = dt.timedelta(hours=1), dt.timedelta(days=1)
    done = Act.objects.filter(member=by, kind=kind, at__gt=at - day, at__lte=at).aggregate(
        hour=Sum("copies", filter=Q(at__gt=at - hour), default=0), day=Sum("copies", default=0)
    )
    most_hour, most_day = settings.RISK["pace"][kind]
    times = settings.RISK["stop_at_times"]
    if settings.RISK_MODE == "on" and (done["hour"] > times * most_hour or done["day"] > times * most_day):
        log.warning("risk.too_fast", kind=kind, member=str(by.pk), **done)
        raise TooFast


def note_act(kind: str, *, by: User, copies: int = 1, at: dt.datetime | None = None) -> None:
    """Note an act without any limit: it tells when something else is judged."""
    if is_on():
        Act.objects.create(kind=kind, member=by, copies=copies, at=at or timezone.now())


@transaction.atomic
def judge(
    *,
    about: About,
    subject_id: uuid.UUID,
    title: str,
    member: User,
    other: User | None = None,
    amount_minor: int = 0,
    currency: str = "USD",
    found: Sequence[Found] = (),
    only: Collection[str] | None = None,
    at: dt.datetime | None = None,
) -> Judgement:
    """Judge something that `member` does, maybe with `other`; the reasons are kept. To what waits already they are added.

    found: reasons that the caller has found itself; only: the rules that are asked, where not all are.
    Emits risk.decided where the score alone refuses.
    """
    if not is_on():
        return Judgement()
    at = at or timezone.now()
    reasons = list(found)
    _see_saved_addresses([each.pk for each in (member, other) if each is not None], at)
    reasons += signs(about=about, member=member, other=other, amount_minor=amount_minor, currency=currency, now=at)
    weights = settings.RISK["weights"]
    reasons = [each for each in reasons if weights[each.rule] and (only is None or each.rule in only)]
    if not reasons:
        return Judgement()
    fired = [each.rule for each in reasons]
    verdict = verdict_of(fired, weights, review_at=settings.RISK["review_at"], refuse_at=settings.RISK["refuse_at"])
    if _add_to_waiting(about, subject_id, reasons):
        return Judgement(verdict, waits=True)
    shadow = settings.RISK_MODE == "shadow"
    state = Assessment.State.NOTED
    if verdict != Verdict.PASS and not shadow:
        state = Assessment.State.WAITING if verdict == Verdict.REVIEW else Assessment.State.REFUSED
    made = Assessment.objects.create(
        about=about, subject_id=subject_id, title=title[:200], member=member, other=other, amount_minor=amount_minor,
        currency=currency, score=score_of(fired, weights), verdict=verdict, is_shadow=shadow, state=state,
        decided_at=at if state == Assessment.State.REFUSED else None, created_at=at,
    )  # fmt: skip
    _keep(made, reasons)
    if state == Assessment.State.REFUSED:
        _state_decision(made, released=False, by=None)
    log.info("risk.judged", about=str(about), subject=str(subject_id), score=made.score, verdict=str(verdict))
    return Judgement(verdict, waits=state != Assessment.State.NOTED)


def _keep(assessment: Assessment, reasons: Sequence[Found]) -> None:
    weights = settings.RISK["weights"]
    Reason.objects.bulk_create(
        (
            Reason(
                assessment=assessment, rule=each.rule, weight=weights[each.rule], words=each.words[:300],
                evidence=dict(each.evidence),
            )
            for each in {each.rule: each for each in reasons}.values()
        ),
        ignore_conflicts=True,
    )  # fmt: skip


def _add_to_waiting(about: About, subject_id: uuid.UUID, reasons: Sequence[Found]) -> bool:
    """Whether it waits already; what was found since then is added to its reasons."""
    rows = Assessment.objects.select_for_update(no_key=True)
    waiting = rows.filter(about=about, subject_id=subject_id, state=Assessment.State.WAITING).first()
    if waiting is None:
        return False
    _keep(waiting, reasons)
    waiting.score = score_of(waiting.reasons.values_list("rule", flat=True), settings.RISK["weights"])
    waiting.save(update_fields=["score"])
    return True


def _see_saved_addresses(members: list[uuid.UUID], at: dt.datetime) -> None:
    """Addresses that were saved before this was kept count as well."""
    rows = Address.objects.filter(user__in=members).order_by("pk")[:200]
    see([seen for row in rows for seen in _of_address(row.user_id, row.as_text())], at=at)


@transaction.atomic
def decide(*, assessment: Assessment, release: bool, note: str, by: User) -> Assessment:
    """A moderator's decision on what waits: it goes on, or comes to nothing. The same again changes nothing.

    Raises NotYours (no moderator, or one of the two), Conflict (decided otherwise), InvalidInput. Emits risk.decided.
    """
    found = (
        Assessment.objects.select_for_update(of=("self",), no_key=True)
        .select_related("member", "other")
        .get(pk=assessment.pk)
    )
    if not by.is_moderator or by.pk in {found.member_id, found.other_id}:
        raise NotYours("A moderator who is none of the two decides.")
    note = note.strip()
    if not 1 <= len(note) <= 1000:
        raise InvalidInput("Say in 1 to 1,000 characters why.", field="note")
    state = Assessment.State.RELEASED if release else Assessment.State.REFUSED
    if found.state == state:
        return found
    if found.state != Assessment.State.WAITING:
        raise Conflict("This was decided already, or has ended by itself.")
    found.state, found.note, found.decided_by, found.decided_at = state, note, by, timezone.now()
    found.save(update_fields=["state", "note", "decided_by", "decided_at"])
    audit.record(
        action="risk.released" if release else "risk.refused", target=found, by=by, reason=note,
        before={"state": Assessment.State.WAITING}, after={"state": state, "subject": found.subject_id},
    )  # fmt: skip
    _state_decision(found, released=release, by=by)
    return found


def _state_decision(found: Assessment, *, released: bool, by: User | None) -> None:
    outbox.emit(
        RiskDecided(
            assessment_id=found.pk, about=found.about, subject_id=found.subject_id, released=released,
            by_id=by.pk if by else None,
        )
    )  # fmt: skip


def lapse(*, about: About, subject_id: uuid.UUID) -> None:
    """What waited has ended by itself (given back, withdrawn): nobody has to look any more. Safe to repeat."""
    Assessment.objects.filter(about=about, subject_id=subject_id, state=Assessment.State.WAITING).update(
        state=Assessment.State.LAPSED, decided_at=timezone.now()
    )
