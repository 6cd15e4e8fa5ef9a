"""Writes: ending the sessions of browsers and programs; noting a sign-in."""

from __future__ import annotations

import time

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.accounts import tokens
from apps.accounts.events import SignedInNewDevice
from apps.accounts.models import User
from apps.accounts.sessions import device
from apps.accounts.sessions.middleware import SEEN
from apps.core import audit, outbox
from apps.core.errors import NotYours


@transaction.atomic
def note_sign_in(*, request: HttpRequest, response: HttpResponse, user: User, is_new_member: bool) -> None:
    """Keep of the session what its owner is shown, and know the device again.

    Emits account.signed_in_new_device, unless the member has just signed up or the device is known.
    """
    network = device.network_of(request.META.get("REMOTE_ADDR", ""))
    request.session[SEEN] = time.time()
    UserSession.objects.filter(session_key=request.session.session_key).update(ip=network)
    known = device.is_known(request, user)
    device.remember(request, response, user)
    if not known and not is_new_member:
        outbox.emit(
            SignedInNewDevice(
                member_id=user.pk,
                device=device.described(request.headers.get("User-Agent", "")),
                network=network,
                at=timezone.now(),
            )
        )


@transaction.atomic
def end_session(*, session: UserSession, by: User) -> None:
    """Sign one browser out, at once. Raises NotYours."""
    if session.user_id != by.pk:
        raise NotYours
    Session.objects.filter(session_key=session.session_key).delete()
    session.delete()
    audit.record(action="member.session_ended", target=by, by=by)


@transaction.atomic
def end_other_sessions(*, user: User, keep: str | None, by: User) -> int:
    """Sign out every browser but the one with the session key `keep`, and every program. Returns how many there were.

    Raises NotYours.
    """
    if user.pk != by.pk:
        raise NotYours
    others = UserSession.objects.filter(user=user).exclude(session_key=keep or "")
    keys = list(others.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    others.delete()
    ended = len(keys) + tokens.end_all(user, because="by its owner")
    audit.record(action="member.sessions_ended", target=user, by=by, after={"ended": ended})
    return ended
