"""What the pages about one's data show."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from django.core.cache import cache

from apps.accounts.models import User
from apps.core.errors import NotFound
from apps.privacy import actions, archive, erasing, retention
from apps.privacy.holdings import HOLDINGS, Fate
from apps.privacy.models import DataExport, Erasure


@dataclass(frozen=True)
class Overview:
    """A member's data page."""

    export: DataExport | None
    erasure: Erasure | None
    obstacles: list[str]
    percent: int = 0


def overview(*, member: User) -> Overview:
    """The latest export, a wish to be forgotten, and what stands in its way."""
    erasure = Erasure.objects.filter(member=member, done_at=None, cancelled_at=None).first()
    export = DataExport.objects.filter(member=member).order_by("-created_at").first()
    waits = export is not None and export.state == DataExport.State.WAITING
    done = cache.get(actions.progress_key(export.pk), 0) if waits else 0
    percent = 100 * done // len(archive.told())
    return Overview(export, erasure, [] if erasure else erasing.obstacles(member), percent)


def ready_export(*, member: User, pk: uuid.UUID) -> DataExport:
    """An export of the member's own that can be downloaded. Raises NotFound."""
    export = DataExport.objects.filter(member=member, pk=pk, state=DataExport.State.READY).first()
    if export is None:
        raise NotFound
    return export


@dataclass(frozen=True)
class Kept:
    """One line of the published table."""

    what: str
    fate: str
    why: str


def kept() -> list[Kept]:
    """What is kept and what becomes of it, from the same table that erasure follows; what goes alike stands in one line."""
    alike: dict[tuple[str, str], list[str]] = {}
    for one in HOLDINGS:
        if one.export or one.fate is not Fate.DELETE:
            alike.setdefault((one.fate.value, one.why), []).append(str(one.model._meta.verbose_name_plural))
    return [Kept(", ".join(names), fate, why) for (fate, why), names in alike.items()]


@dataclass(frozen=True)
class Time:
    """One line of the published times."""

    what: str
    how_long: str
    happens: str
    why: str


def in_words(kept: dt.timedelta) -> str:
    """A time as people say it."""
    if not kept:
        return "until it is over"
    years, rest = divmod(kept.days, 365)
    number, unit = (years, "year") if years and not rest else (kept.days, "day")
    return f"{number} {unit}{'' if number == 1 else 's'}"


def times() -> list[Time]:
    """How long what is kept, from the same table that the nightly round follows."""
    return [Time(one.what, in_words(one.kept), one.happens, one.why) for one in retention.RETENTION]
