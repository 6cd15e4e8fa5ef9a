"""Reads of the block list: one's own, and whether two members have to do with each other."""

from __future__ import annotations

import uuid

from django.db.models import Q

from apps.accounts.blocks.models import Block
from apps.accounts.models import User
from apps.core.errors import DomainError
from apps.core.pagination import Page, Place, newest_first


class Blocked(DomainError):
    """One of the two has blocked the other. Which one is not told."""

    code, status = "BLOCKED", 403
    message = "You and this member do not trade with each other."


def blocks_of(*, owner: User, limit: int, offset: int = 0, after: Place | None = None) -> Page[Block]:
    """Whom a member has blocked, latest first."""
    rows = Block.objects.filter(owner=owner).select_related("other")
    return newest_first(rows, limit=limit, offset=offset, after=after)


def has_blocked(*, owner: User, other_id: uuid.UUID) -> bool:
    """Whether the first has blocked the second."""
    return Block.objects.filter(owner=owner, other=other_id).exists()


def is_blocked_between(one: uuid.UUID, other: uuid.UUID) -> bool:
    """Whether either has blocked the other; one query."""
    return Block.objects.filter(Q(owner=one, other=other) | Q(owner=other, other=one)).exists()


def check_not_blocked(one: uuid.UUID, other: uuid.UUID) -> None:
    """Raises Blocked where either has blocked the other."""
    if is_blocked_between(one, other):
        raise Blocked
