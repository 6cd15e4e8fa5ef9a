"""Reads: which rules fire for somebody, or between two. At most seven queries, whatever is found."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator

from django.conf import settings
from django.db import connection
from django.db.models import Count, Q, Sum

from apps.accounts.models import User
from apps.core.money import Money
from apps.risk.models import Act, Assessment, Sighting
from apps.risk.rules import RULES, About, Found

_HOUR, _DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
_LINKS = {
    Sighting.Kind.CARD: "same-card",
    Sighting.Kind.BANK: "same-bank",
    Sighting.Kind.ADDRESS: "same-address",
    Sighting.Kind.HOUSEHOLD: "same-household",
    Sighting.Kind.DEVICE: "same-device",
    Sighting.Kind.NETWORK: "same-network",
}
_TELLING = [Sighting.Kind.CARD, Sighting.Kind.BANK, Sighting.Kind.ADDRESS, Sighting.Kind.DEVICE]

# What both used, and how many use it in all: what a crowd shares (a dormitory, a parcel shop) says nothing.
_SHARED = """
select a.kind, a.digest, a.first_at, b.first_at,
       (select count(*) from (select 1 from risk_sighting c where c.kind = a.kind and c.digest = a.digest limit %s) x)
from risk_sighting a join risk_sighting b on b.kind = a.kind and b.digest = a.digest
where a.member_id = %s and b.member_id = %s order by a.kind, a.digest
"""

# Somebody else who used what this member used, and was refused by a moderator or whose account was closed.
_REFUSED = """
select a.kind, a.digest, b.member_id, b.first_at
from risk_sighting a join risk_sighting b on b.kind = a.kind and b.digest = a.digest and b.member_id <> a.member_id
join accounts_user u on u.id = b.member_id
where a.member_id = %s and a.kind = any(%s)
and (not u.is_active or exists (select from risk_assessment r where r.member_id = b.member_id
                                and r.state = 'refused' and r.decided_by_id is not null))
and (select count(*) from (select 1 from risk_sighting c where c.kind = a.kind and c.digest = a.digest limit %s) x) < %s
order by a.kind, b.first_at limit 1
"""


def signs(
    *, about: About, member: User, other: User | None, amount_minor: int, currency: str, now: dt.datetime
) -> list[Found]:
    """The rules that fire, without those of photographs and without what moderators have cleared before."""
    found = [*_pace(member, now), *_origin(member, now), *_stakes(member, amount_minor, currency, now)]
    if other is not None:
        found += _links(member, other)
        found += _cards(member, now)
    found += _record(member)
    mine = [each for each in found if about in RULES[each.rule].about and settings.RISK["weights"][each.rule]]
    cleared = _cleared(member, other) if mine else set()
    return [each for each in mine if (each.rule, each.evidence.get("digest")) not in cleared]


def _pace(member: User, now: dt.datetime) -> Iterator[Found]:
    rows = (
        Act.objects.filter(member=member, at__gt=now - _DAY, at__lte=now)
        .values("kind")
        .annotate(hour=Sum("copies", filter=Q(at__gt=now - _HOUR), default=0), day=Sum("copies"))
    )
    rules = {"payment": "many-payments", "listing": "many-listings", "address": "many-addresses"}
    for row in rows.order_by("kind"):
        rule = rules.get(row["kind"])
        most = settings.RISK["pace"][row["kind"]]
        for count, limit, within in ((row["hour"], most[0], "an hour"), (row["day"], most[1], "a day")):
            if rule and count > limit:
                words = f"{count} within {within}, where {limit} are usual at most."
                yield Found(rule, words, {"count": count, "limit": limit, "within": within})
                break


def _is_young(member: User, now: dt.datetime) -> bool:
    return now - member.date_joined < settings.RISK["young"]


def _stakes(member: User, amount_minor: int, currency: str, now: dt.datetime) -> Iterator[Found]:
    if _is_young(member, now) and amount_minor >= settings.RISK["dear_minor"]:
        words = f"{Money(amount_minor, currency)}, by an account of {member.date_joined:%d %B %Y, %H:%M} UTC."
        yield Found("new-and-dear", words, {"minor": amount_minor, "joined": member.date_joined.isoformat()})


def _origin(member: User, now: dt.datetime) -> Iterator[Found]:
    if not _is_young(member, now):
        return
    networks = Sighting.objects.filter(member=member, kind=Sighting.Kind.NETWORK).values("digest")
    crowd = (
        Sighting.objects.filter(
            kind=Sighting.Kind.NETWORK,
            digest__in=networks,
            member__date_joined__gt=member.date_joined - _DAY,
            member__date_joined__lte=member.date_joined + _DAY,
        )
        .values("digest")
        .annotate(members=Count("pk"))
        .order_by("-members")
        .first()
    )
    limit = settings.RISK["sign_ups_a_day"]
    if crowd and crowd["members"] > limit:
        words = (
            f"{crowd['members']} accounts from one network within a day of this one, where {limit} are usual at most."
        )
        yield Found("many-sign-ups", words, {"count": crowd["members"], "limit": limit, "digest": crowd["digest"][:8]})


def _cards(member: User, now: dt.datetime) -> Iterator[Found]:
    cards = Sighting.objects.filter(member=member, kind=Sighting.Kind.CARD).values("digest", "first_at")
    others = Count("pk", filter=~Q(member=member))
    rows = list(
        Sighting.objects.filter(kind=Sighting.Kind.CARD, digest__in=cards.values("digest"))
        .values("digest")
        .annotate(others=others, fresh=Count("pk", filter=Q(member=member, first_at__gt=now - _DAY)))
        .order_by("-others", "digest")
    )
    fresh, limit = sum(row["fresh"] for row in rows), settings.RISK["cards_a_day"]
    if fresh > limit:
        words = f"{fresh} cards were new within a day, where {limit} are usual at most."
        yield Found("many-cards", words, {"count": fresh, "limit": limit})
    if rows and rows[0]["others"]:
        others, card = rows[0]["others"], rows[0]["digest"][:8]
        words = f"Card {card} was used by {others} other member{'' if others == 1 else 's'}."
        yield Found("passed-card", words, {"others": others, "digest": card})


def _links(member: User, other: User) -> Iterator[Found]:
    crowd = settings.RISK["crowd"]
    with connection.cursor() as cursor:
        cursor.execute(_SHARED, [crowd, member.pk, other.pk])
        rows = cursor.fetchall()
    told: set[str] = set()
    for kind, digest, mine, theirs, members in rows:
        if members < crowd and kind not in told:
            told.add(kind)
            label = Sighting.Kind(kind).label
            words = f"{label} {digest[:8]}: {member} first on {mine:%d %b %Y}, {other} first on {theirs:%d %b %Y}."
            seen = {"digest": digest[:8], "first": mine.isoformat(), "other_first": theirs.isoformat()}
            yield Found(_LINKS[Sighting.Kind(kind)], words, seen)


def _record(member: User) -> Iterator[Found]:
    crowd = settings.RISK["crowd"]
    with connection.cursor() as cursor:
        cursor.execute(_REFUSED, [member.pk, [kind.value for kind in _TELLING], crowd, crowd])
        row = cursor.fetchone()
    if row:
        kind, digest, refused, first = row
        words = f"{Sighting.Kind(kind).label} {digest[:8]} was used by a refused or closed account on {first:%d %b %Y}."
        yield Found("linked-to-refused", words, {"digest": digest[:8], "member": str(refused)})


def _cleared(member: User, other: User | None) -> set[tuple[str, object]]:
    """(rule, digest) of what a moderator has released between the same two; what is without a digest is judged anew."""
    pair: list[uuid.UUID | None] = [member.pk, other.pk if other else None]
    rows = Assessment.objects.filter(state=Assessment.State.RELEASED, decided_by__isnull=False, member__in=pair)
    rows = rows.filter(other__in=pair) if other else rows.filter(other__isnull=True)
    return {
        (rule, digest)
        for rule, digest in rows.values_list("reasons__rule", "reasons__evidence__digest")
        if digest is not None
    }
