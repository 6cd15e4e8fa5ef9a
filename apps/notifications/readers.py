"""Whom notifications are for: zone, language, choices, whether mail reaches them, devices and endpoints; for many at once."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef
from django.db.models.functions import Lower

from apps.accounts.models import User
from apps.notifications.deciding import Choice, Manners
from apps.notifications.kinds import Cadence
from apps.notifications.models import Device, Manner, Preference, Suppression
from apps.notifications.webhooks.models import Endpoint


@dataclass
class Reader:
    """One member who is told something."""

    manners: Manners
    language: str
    takes_mail: bool
    choices: dict[str, Choice] = field(default_factory=dict)
    devices: list[uuid.UUID] = field(default_factory=list)
    endpoints: list[tuple[uuid.UUID, frozenset[str]]] = field(default_factory=list)


def manners_of(manner: Manner | None) -> Manners:
    """A member's ways; the defaults where they never chose."""
    if manner is None:
        return Manners()
    quiet = None
    if manner.quiet_from is not None and manner.quiet_until is not None:
        quiet = (manner.quiet_from, manner.quiet_until)
    return Manners(manner.time_zone, quiet, manner.digest_at, manner.is_paused)


def readers(owners: Collection[uuid.UUID]) -> dict[uuid.UUID, Reader]:
    """The members with an open account among these. Four queries, however many."""
    silent = Suppression.objects.filter(address=Lower(OuterRef("email")))
    members = User.objects.filter(pk__in=owners, is_active=True).select_related("manner")
    found: dict[uuid.UUID, Reader] = {}
    for member in members.annotate(is_silent=Exists(silent)).only("id", "email", "manner"):
        manner = getattr(member, "manner", None)
        found[member.pk] = Reader(
            manners_of(manner), manner.language if manner else "en", bool(member.email) and not member.is_silent
        )
    chosen = Preference.objects.filter(owner__in=found).values_list("owner_id", "kind", "in_app", "email", "push")
    for owner, kind, in_app, email, push in chosen:
        found[owner].choices[kind] = Choice(in_app, Cadence(email), push)
    for owner, pk in Device.objects.filter(owner__in=found).values_list("owner_id", "pk"):
        found[owner].devices.append(pk)
    listening = Endpoint.objects.filter(owner__in=found, disabled_at=None)
    for owner, pk, kinds in listening.values_list("owner_id", "pk", "events"):
        found[owner].endpoints.append((pk, frozenset(kinds)))
    return found
