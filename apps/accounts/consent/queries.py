"""Reads: what a member agreed to, what is still to be asked, and who agreed to a purpose."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db.models import OuterRef, Q, QuerySet, Subquery

from apps.accounts.consent.models import Consent
from apps.accounts.consent.texts import TEXTS, Purpose, Text
from apps.accounts.models import User

HISTORY = 100


@dataclass(frozen=True)
class Standing:
    """One purpose as it stands for a member. at, version: of the latest answer, None and empty without one."""

    text: Text
    given: bool
    version: str = ""
    at: dt.datetime | None = None

    @property
    def holds(self) -> bool:
        """Whether the member agreed to the wording that is in force."""
        return self.given and self.version == self.text.version

    @property
    def is_outdated(self) -> bool:
        """Whether the member agreed to an older wording."""
        return self.given and not self.holds


def standings(*, member_id: uuid.UUID) -> list[Standing]:
    """Every purpose, in the order of the texts; one query."""
    latest = Consent.objects.filter(member=member_id).order_by("purpose", "-created_at", "-id").distinct("purpose")
    found = {one.purpose: one for one in latest}
    return [
        Standing(text, one.given, one.version, one.created_at) if (one := found.get(purpose)) else Standing(text, False)
        for purpose, text in TEXTS.items()
    ]


def to_be_asked(*, member_id: uuid.UUID) -> list[Standing]:
    """What is not settled: required texts whose wording in force is not agreed to. With these, optional ones that changed."""
    found = standings(member_id=member_id)
    if all(one.holds for one in found if one.text.is_required):
        return []
    return [one for one in found if (one.text.is_required and not one.holds) or one.is_outdated]


def history(*, member_id: uuid.UUID) -> list[Consent]:
    """The latest answers, newest first."""
    return list(Consent.objects.filter(member=member_id).order_by("-created_at", "-id")[:HISTORY])


def agreed(*, path: str, purpose: Purpose) -> Q:
    """A condition on rows: that the member at `path` agrees to the wording in force; for sets, without a query a row."""
    return Q(**{f"{path}__in": members_who_agree(purpose)})


def members_who_agree(purpose: Purpose) -> QuerySet[User]:
    """Active members whose latest answer is a yes to the wording in force."""
    answers = Consent.objects.filter(member=OuterRef("pk"), purpose=purpose).order_by("-created_at", "-id")
    return (
        User.objects.filter(is_active=True)
        .alias(said=Subquery(answers.values("given")[:1]), of=Subquery(answers.values("version")[:1]))
        .filter(said=True, of=TEXTS[purpose].version)
    )
