"""Telling open pages of a member's new notifications. Liveness only: what is lost stands in the centre all the same."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

MOST_AT_ONCE = 500
"""Of a larger set nobody is told: such batches are price changes by night, and the centre has them."""


@dataclass(frozen=True)
class Toast:
    """What an open page shows for a moment."""

    owner_id: uuid.UUID
    notification_id: uuid.UUID
    title: str
    kind: str


def show(toasts: Sequence[Toast]) -> None:
    """Tell the pages that these members have open."""


def count_changed(owners: Sequence[uuid.UUID]) -> None:
    """Tell the pages that these members have open that the number of unread ones is another."""
