"""Writes of restrictions: a moderator keeps a member from something for a time, and lifts that again. Both are audited."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.restrictions.events import MemberRestricted, RestrictionLifted
from apps.accounts.restrictions.models import From, Restriction
from apps.core import audit, outbox
from apps.core.errors import InvalidInput, NotYours

MOST_DAYS = 365


@transaction.atomic
def restrict(*, member: User, kept_from: Collection[str], days: int, reason: str, cause: str, by: User) -> Restriction:
    """Keep a member from some things for 1 to 365 days. The same cause again is the same restriction.

    Raises NotYours (no moderator, or oneself), InvalidInput. Emits: member.restricted.
    """
    if not by.is_moderator or by.pk == member.pk:
        raise NotYours("A moderator decides this.")
    if not kept_from or not set(kept_from) <= set(From.values):
        raise InvalidInput("Choose what the member is kept from.", field="kept_from")
    if not 1 <= days <= MOST_DAYS:
        raise InvalidInput(f"A restriction lasts 1 to {MOST_DAYS} days.", field="days")
    if not reason.strip():
        raise InvalidInput("Give the reason; the member reads it.", field="reason")
    made, is_new = Restriction.objects.get_or_create(
        cause=cause,
        defaults={
            "member": member,
            "kept_from": sorted(set(kept_from)),
            "until": timezone.now() + dt.timedelta(days=days),
            "reason": reason.strip()[:1000],
            "by": by,
        },
    )
    if is_new:
        audit.record(
            action="member.restricted", target=member, by=by, reason=made.reason,
            after={"from": ", ".join(made.kept_from), "until": made.until.isoformat()},
        )  # fmt: skip
        outbox.emit(MemberRestricted(restriction_id=made.pk, member_id=member.pk))
    return made


@transaction.atomic
def lift(*, cause: str, reason: str, by: User) -> None:
    """End what was decided on a cause, if it still holds. Raises NotYours. Emits: member.unrestricted."""
    found = Restriction.objects.select_for_update(of=("self",)).filter(cause=cause, lifted_at__isnull=True).first()
    if found is None:
        return
    if not by.is_moderator or by.pk == found.member_id:
        raise NotYours("A moderator decides this.")
    found.lifted_at = timezone.now()
    found.save(update_fields=["lifted_at"])
    audit.record(action="member.restriction_lifted", target=found.member, by=by, reason=reason)
    outbox.emit(RestrictionLifted(restriction_id=found.pk, member_id=found.member_id))
