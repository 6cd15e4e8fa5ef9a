"""Who is at the other end of a socket: the page's session, or a program's token or key; and whether that is still so."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth import get_user
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from apps.accounts.authentication import APIKeyAuthentication, TokenAuthentication
from apps.accounts.models import APIKey, Scope, SignIn, User
from apps.live import pushing, streams
from apps.live.protocol import Refused
from apps.live.streams import Reader

log = structlog.get_logger()

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Proof:
    """What showed who the reader is, to be looked at again. kind: session, sign-in, key, or nothing for a visitor.

    row: the primary key of what is looked up; stamp: the user's session hash of that moment (a new password changes it).
    """

    kind: str = ""
    row: str = field(default="", repr=False)
    stamp: str = field(default="", repr=False)

    @property
    def digest(self) -> str:
        """The name under which a session is told to end; never its key."""
        return digest_of(self.row) if self.kind == "session" else ""


@dataclass(frozen=True, slots=True)
class Known:
    """A reader and the proof."""

    reader: Reader
    proof: Proof


VISITOR = Known(Reader(), Proof())


def digest_of(session_key: str) -> str:
    """What names a session where its key must not stand."""
    return hashlib.sha256(session_key.encode()).hexdigest()


def _sessions() -> Any:
    return import_module(settings.SESSION_ENGINE).SessionStore


def by_cookie(header: str) -> Known:
    """The reader that a page's Cookie header shows; a visitor where it shows none."""
    try:
        cookie = SimpleCookie(header).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return VISITOR
    if cookie is None:
        return VISITOR
    request = HttpRequest()
    request.session = _sessions()(cookie.value)
    user = get_user(request)
    if request.session.session_key is None:  # there is no such session
        return VISITOR
    kept = {name: str(request.session[name])[:100] for name in streams.session_keys() if name in request.session}
    if not isinstance(user, User):
        return Known(Reader(session=kept), Proof("session", request.session.session_key))
    stamp = user.get_session_auth_hash()
    return Known(_reader(user, kept), Proof("session", request.session.session_key, stamp))


def by_credentials(*, token: str, key: str, address: str) -> Known:
    """The reader of an access token or an API key with the scope `read`. Raises Refused.

    address: whose tries are counted, as REST does.
    """
    request = HttpRequest()
    request.META |= {"REMOTE_ADDR": address}
    request.META |= {"HTTP_X_API_KEY": key} if key else {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    try:
        answer = (APIKeyAuthentication() if key else TokenAuthentication()).authenticate(Request(request))
    except APIException as error:
        raise Refused("bad_credentials", str(error.detail)) from None
    if answer is None:
        raise Refused("bad_credentials", "That does not show who you are.")
    user, shown = answer
    if isinstance(shown, APIKey):
        if Scope.READ not in shown.scopes:
            raise Refused("bad_credentials", "This API key may not read; make one with the scope read.")
        return Known(_reader(user), Proof("key", str(shown.pk), user.get_session_auth_hash()))
    return Known(_reader(user), Proof("sign-in", str(shown.pk), shown.stamp))


def _reader(user: User, session: dict[str, str] | None = None) -> Reader:
    return Reader(member_id=user.pk, is_moderator=user.is_moderator, session=session or {})


def still_known(known: Iterable[Known]) -> dict[Known, Reader | None]:
    """The readers as they are now, None where the proof is worth nothing any more; a few queries for each 500."""
    every = [each for each in dict.fromkeys(known) if each.proof.kind]
    told: dict[Known, Reader | None] = {}
    for start in range(0, len(every), _AT_ONCE):
        told |= _still(every[start : start + _AT_ONCE])
    return told


def _still(every: Sequence[Known]) -> dict[Known, Reader | None]:
    now = timezone.now()
    users = User.objects.in_bulk({each.reader.member_id for each in every if each.reader.member_id})
    good = {
        "session": _open_sessions(_rows(every, "session"), now),
        "sign-in": _open_sign_ins(_rows(every, "sign-in"), now),
        "key": _good_keys(_rows(every, "key"), now),
    }
    return {each: _now(each, users, good[each.proof.kind]) for each in every}


def _rows(every: Sequence[Known], kind: str) -> list[str]:
    return [each.proof.row for each in every if each.proof.kind == kind]


def _open_sessions(rows: list[str], now: dt.datetime) -> set[str]:
    sessions = _sessions().get_model_class().objects
    return set(sessions.filter(session_key__in=rows, expire_date__gt=now).values_list("session_key", flat=True))


def _open_sign_ins(rows: list[str], now: dt.datetime) -> set[str]:
    open_ones = SignIn.objects.filter(pk__in=rows, ended_at__isnull=True, expires_at__gt=now)
    return {str(pk) for pk in open_ones.values_list("pk", flat=True)}


def _good_keys(rows: list[str], now: dt.datetime) -> set[str]:
    unexpired = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
    keys = APIKey.objects.filter(unexpired, pk__in=rows, revoked_at__isnull=True, scopes__contains=[Scope.READ])
    return {str(pk) for pk in keys.values_list("pk", flat=True)}


def _now(known: Known, users: dict[uuid.UUID, User], good: set[str]) -> Reader | None:
    if known.proof.row not in good:
        return None
    if known.reader.member_id is None:
        return known.reader
    user = users.get(known.reader.member_id)
    if user is None or not user.is_active:
        return None
    stamps = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    if known.proof.kind != "key" and not any(secrets.compare_digest(known.proof.stamp, each) for each in stamps):
        return None
    return _reader(user, known.reader.session)


def session_deleted(sender: object, instance: Any, **_: object) -> None:
    """A session's row is gone: whoever was signed in by it is not any more. Expired ones are closed by the round."""
    if instance.expire_date > timezone.now():
        pushing.end_session(digest_of(instance.session_key))
