"""Telling open pages of a member's new notifications. Liveness only: what is lost stands in the centre all the same."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from apps.live.pushing import push_all

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
    """Tell the pages that these members have open, once the transaction commits."""
    if len(toasts) <= MOST_AT_ONCE:
        push_all(
            [
                (
                    f"member:{each.owner_id}",
                    "notified",
                    {
                        "id": each.notification_id,
                        "title": each.title,
                        "kind": each.kind,
                        "url": f"/notifications/{each.notification_id}/",
                    },
                )
                for each in toasts
            ]
        )


def count_changed(owners: Sequence[uuid.UUID]) -> None:
    """Tell the pages that these members have open that the number of unread ones is another: they ask for it."""
    push_all([(f"member:{owner}", "read", {}) for owner in owners])
