"""Writes to the block list."""

from __future__ import annotations

import uuid

from django.db import transaction

from apps.accounts.blocks.events import MemberBlocked
from apps.accounts.blocks.models import Block
from apps.accounts.models import User
from apps.core import outbox
from apps.core.errors import Conflict, InvalidInput

MOST_BLOCKED = 1000


@transaction.atomic
def block(*, other: User, by: User) -> Block:
    """Have nothing more to do with somebody. Safe to repeat. Raises InvalidInput, Conflict. Emits member.blocked."""
    if other.pk == by.pk:
        raise InvalidInput("You cannot block yourself.")
    if other.is_moderator:
        raise InvalidInput("Moderators cannot be blocked: they decide cases.")
    if by.blocks.count() >= MOST_BLOCKED:
        raise Conflict(f"You have blocked {MOST_BLOCKED} members. Unblock some first.")
    made, is_new = Block.objects.get_or_create(owner=by, other=other)
    if is_new:
        outbox.emit(MemberBlocked(owner_id=by.pk, other_id=other.pk))
    return made


def unblock(*, other_id: uuid.UUID, by: User) -> None:
    """Take a block back; none is none. What it ended stays ended."""
    Block.objects.filter(owner=by, other=other_id).delete()
