"""Working a member's past out anew in a worker: asked for, how far it is, done. Its standing is in the cache for an hour."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.core.cache import cache
from django.db import transaction

from apps.accounts.models import User
from apps.inventory.portfolio import actions

KEPT_SECONDS = 3600


@dataclass(frozen=True)
class Standing:
    """How far it is: `done` of `steps`; `days` that were estimated, once it is at its end; `failed` where it broke."""

    done: int = 0
    steps: int = 0
    days: int | None = None
    failed: bool = False

    @property
    def goes_on(self) -> bool:
        """Whether it waits or is under way."""
        return self.days is None and not self.failed

    @property
    def percent(self) -> int | None:
        """None while it waits."""
        return self.done * 100 // self.steps if self.steps else None


def _key(owner_id: UUID) -> str:
    return f"portfolio-work:{owner_id}"


def standing(owner_id: UUID) -> Standing | None:
    """How a member's last one stands; None where none was asked for in the last hour."""
    return cache.get(_key(owner_id))


def ask(*, by: User) -> bool:
    """Have it worked out; False where that is under way already."""
    from apps.inventory.portfolio.tasks import work_out_past  # the task calls back here

    known = standing(by.pk)
    if known is not None and known.goes_on:
        return False
    cache.set(_key(by.pk), Standing(), KEPT_SECONDS)
    transaction.on_commit(partial(work_out_past.delay, str(by.pk)))
    return True


def work_out(*, owner_id: UUID) -> None:
    """Work it out, telling how far it is. Safe to run twice."""

    def told(done: int, steps: int) -> None:
        cache.set(_key(owner_id), Standing(done, steps), KEPT_SECONDS)

    try:
        done = actions.work_out(by=User.objects.get(pk=owner_id), told=told)
    except BaseException:
        cache.set(_key(owner_id), Standing(failed=True), KEPT_SECONDS)
        raise
    cache.set(_key(owner_id), Standing(days=done.estimated), KEPT_SECONDS)
