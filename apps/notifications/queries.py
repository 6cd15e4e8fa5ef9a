"""Reads of the centre: what a member was told, alike ones as one; what is unread; what they chose for each kind."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.contrib.postgres.aggregates import ArrayAgg
from django.core.cache import cache
from django.db import DatabaseError
from django.db.models import Count, Max, Q, QuerySet
from redis import RedisError

from apps.accounts.models import User
from apps.core.errors import NotFound
from apps.core.pagination import Page, Place, newest_first
from apps.notifications.deciding import Choice, allowed, default_choice
from apps.notifications.kinds import AREAS, KINDS, Cadence, Kind, of_area
from apps.notifications.models import Device, Manner, Notification, Preference, Suppression
from apps.notifications.telling import unread_key

SHOWN_OF_A_GROUP = 5
_KEPT_SECONDS = 60


@dataclass(frozen=True)
class Group:
    """Alike notifications of one thing: the newest, some before it, how many there are and how many are unread."""

    newest: Notification
    earlier: list[Notification]
    count: int
    unread: int

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.count - 1 - len(self.earlier)


def of_member(*, owner: User, unread: bool = False, area: str = "") -> QuerySet[Notification]:
    """What the centre has for a member. area: one of AREAS; anything else is all."""
    found = Notification.objects.filter(owner=owner, is_shown=True)
    if unread:
        found = found.filter(read_at=None)
    return found.filter(kind__in=[kind.key for kind in of_area(area)]) if area in AREAS else found


def groups_page(*, owner: User, unread: bool = False, area: str = "", limit: int = 30, offset: int = 0) -> Page[Group]:
    """What a member was told, newest first, alike ones (the same kind about the same thing) as one. Three queries."""
    rows = of_member(owner=owner, unread=unread, area=area)
    grouped = (
        rows.order_by()
        .values("kind", "group")
        .annotate(
            latest=Max("created_at"),
            count=Count("pk"),
            unread=Count("pk", filter=Q(read_at=None)),
            keys=ArrayAgg("pk", order_by=("-created_at", "-id")),
        )
        .order_by("-latest", "kind", "group")
    )
    total = rows.order_by().values("kind", "group").distinct().count()
    found = list(grouped[offset : offset + limit])
    wanted = [key for row in found for key in row["keys"][:SHOWN_OF_A_GROUP]]
    known = Notification.objects.in_bulk(wanted)
    groups = []
    for row in found:
        alike = [known[key] for key in row["keys"][:SHOWN_OF_A_GROUP] if key in known]
        if alike:
            groups.append(Group(alike[0], alike[1:], row["count"], row["unread"]))
    return Page(groups, total, limit, offset)


def list_page(
    *, owner: User, unread: bool, area: str, limit: int, offset: int = 0, after: Place | None = None
) -> Page[Notification]:
    """The same one by one, for programs."""
    return newest_first(of_member(owner=owner, unread=unread, area=area), limit=limit, offset=offset, after=after)


def unread_count(owner_id: uuid.UUID) -> int:
    """How many are unread: kept for a minute, and forgotten when one is told or read. 0 where nothing answers."""
    key = unread_key(owner_id)
    try:
        known = cache.get(key)
    except RedisError:
        known = None
    if known is not None:
        return int(known)
    try:
        count = Notification.objects.filter(owner=owner_id, is_shown=True, read_at=None).count()
    except DatabaseError:
        return 0
    try:
        cache.set(key, count, _KEPT_SECONDS)
    except RedisError:
        pass
    return count


def notification_for(*, owner: User, pk: uuid.UUID) -> Notification:
    """One of the member's. Raises NotFound."""
    found = Notification.objects.filter(owner=owner, pk=pk).first()
    if found is None:
        raise NotFound
    return found


def manner_of(owner: User) -> Manner:
    """How the member wants to be told; unsaved defaults where they never chose."""
    return Manner.objects.filter(owner=owner).first() or Manner(owner=owner)


@dataclass(frozen=True)
class Chosen:
    """What holds for a kind now."""

    kind: Kind
    choice: Choice


def choices_of(owner: User) -> list[Chosen]:
    """What holds for every kind, in the order of the registry."""
    stored = {
        row.kind: Choice(row.in_app, Cadence(row.email), row.push) for row in Preference.objects.filter(owner=owner)
    }
    return [Chosen(kind, allowed(kind, stored.get(kind.key) or default_choice(kind))) for kind in KINDS.values()]


def by_area(chosen: list[Chosen]) -> list[tuple[str, list[Chosen]]]:
    """The same under their areas."""
    return [(area, [each for each in chosen if each.kind.area == area]) for area in AREAS]


def devices_of(owner: User) -> QuerySet[Device]:
    """Browsers that show the member push messages."""
    return Device.objects.filter(owner=owner).order_by("-created_at")


def device_for(*, owner: User, pk: uuid.UUID) -> Device:
    """One of the member's. Raises NotFound."""
    found = Device.objects.filter(owner=owner, pk=pk).first()
    if found is None:
        raise NotFound
    return found


def suppression_of(owner: User) -> Suppression | None:
    """Why no mail goes to the member's address, if so."""
    return Suppression.objects.filter(address=owner.email.lower()).first()
