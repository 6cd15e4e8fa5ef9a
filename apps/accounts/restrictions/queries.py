"""Reads of restrictions: those in force, and the check before a member lists, bargains or buys."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.restrictions.models import From, Restriction, in_words
from apps.core.errors import DomainError


class Restricted(DomainError):
    """Moderators keep the member from this for a time."""

    code, status = "RESTRICTED", 403


def in_force(*, member_id: uuid.UUID) -> QuerySet[Restriction]:
    """What a member is kept from now, the longest last."""
    return Restriction.objects.filter(member=member_id, until__gt=timezone.now(), lifted_at__isnull=True).order_by(
        "until"
    )


def check_may(member: User, *what: From) -> None:
    """Raises Restricted, with the reason and the end, where the member is kept from any of these. One query."""
    found = in_force(member_id=member.pk).filter(kept_from__overlap=list(what)).last()
    if found is not None:
        kept = [each for each in what if each in found.kept_from]
        raise Restricted(
            f"Until {found.until:%d %B %Y, %H:%M} UTC you are kept from {in_words(kept)}: {found.reason} "
            "You can appeal under your reports.",
            until=found.until.isoformat(),
        )
