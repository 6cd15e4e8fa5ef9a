"""Reads: the devices and programs that a member is signed in on."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef
from django.utils import timezone

from apps.accounts.models import SignIn, User
from apps.accounts.sessions.device import described
from apps.core.errors import NotFound


@dataclass(frozen=True)
class Device:
    """One browser that is signed in. `network` is the first part of its address alone."""

    id: int
    name: str
    network: str
    signed_in_at: dt.datetime
    last_seen_at: dt.datetime
    is_this_one: bool


def devices(*, user: User, session_key: str | None) -> list[Device]:
    """The browsers that are signed in, this one first, then by last use; one query."""
    alive = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=timezone.now())
    rows = UserSession.objects.filter(Exists(alive), user=user).order_by("-last_seen_at")
    found = [
        Device(
            id=row.pk,
            name=described(row.user_agent),
            network=row.ip,
            signed_in_at=row.created_at,
            last_seen_at=row.last_seen_at,
            is_this_one=row.session_key == session_key,
        )
        for row in rows
    ]
    return sorted(found, key=lambda device: not device.is_this_one)


def device_session(*, user: User, pk: int) -> UserSession:
    """One of the member's signed-in browsers. Raises NotFound."""
    found = UserSession.objects.filter(user=user, pk=pk).first()
    if found is None:
        raise NotFound
    return found


def programs(*, user: User) -> list[SignIn]:
    """The programs that are signed in by password, last used first."""
    open_ones = SignIn.objects.filter(user=user, ended_at__isnull=True, expires_at__gt=timezone.now())
    return list(open_ones.order_by("-refreshed_at"))


def program(*, user: User, pk: uuid.UUID) -> SignIn:
    """One of the member's signed-in programs. Raises NotFound."""
    found = SignIn.objects.filter(user=user, pk=pk).first()
    if found is None:
        raise NotFound
    return found
