"""Bearer tokens (RS256): a sign-in gives an access and a refresh token; refreshing replaces them, ending revokes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import structlog
from django.db import transaction
from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from apps.accounts.events import AccessChanged
from apps.accounts.models import SignIn, User
from apps.core import outbox

log = structlog.get_logger()


@dataclass(frozen=True)
class Tokens:
    """What a program gets. `expires_in` is the access token's life in seconds."""

    access: str
    refresh: str
    expires_in: int


class BadToken(Exception):
    """The token is not ours, expired, replaced or revoked."""


def _pair(sign_in: SignIn, refresh: RefreshToken) -> Tokens:
    access = AccessToken()
    for token in (refresh, access):
        token["sub"] = str(sign_in.user_id)
        token["sid"] = str(sign_in.pk)
    return Tokens(str(access), str(refresh), int(access.lifetime.total_seconds()))


def open_sign_in(user: User) -> Tokens:
    """Begin a sign-in of a program for a user whose password was checked."""
    refresh = RefreshToken()
    sign_in = SignIn.objects.create(
        user=user,
        refresh_id=refresh["jti"],
        stamp=user.get_session_auth_hash(),
        expires_at=timezone.now() + refresh.lifetime,
    )
    return _pair(sign_in, refresh)


def _sign_in_of(token: AccessToken | RefreshToken) -> SignIn:
    try:
        sign_in = SignIn.objects.select_related("user").get(pk=uuid.UUID(str(token["sid"])))
    except (KeyError, ValueError, SignIn.DoesNotExist):
        raise BadToken from None
    if str(sign_in.user_id) != token.get("sub") or not sign_in.is_valid(at=timezone.now()):
        raise BadToken
    return sign_in


def sign_in_for_access(text: str) -> SignIn:
    """The sign-in, with its user, that an access token belongs to. Raises BadToken."""
    try:
        token = AccessToken(text)
    except TokenError:
        raise BadToken from None
    return _sign_in_of(token)


def refresh(text: str) -> Tokens:
    """New tokens for a refresh token, which is used up. An already used one ends the sign-in. Raises BadToken."""
    try:
        old = RefreshToken(text)
    except TokenError:
        raise BadToken from None
    sign_in = _sign_in_of(old)
    new = RefreshToken()
    now = timezone.now()
    replaced = SignIn.objects.filter(pk=sign_in.pk, refresh_id=old["jti"], ended_at__isnull=True).update(
        refresh_id=new["jti"], refreshed_at=now, expires_at=now + new.lifetime
    )
    if not replaced:
        end(sign_in, because="reused")
        log.warning("sign_in.refresh_token_reused", sign_in=str(sign_in.pk))
        raise BadToken
    return _pair(sign_in, new)


def end(sign_in: SignIn, *, because: str) -> None:
    """Revoke every token of the sign-in at once; ending it twice changes nothing. Emits account.access_changed."""
    with transaction.atomic():
        open_one = SignIn.objects.filter(pk=sign_in.pk, ended_at__isnull=True)
        if open_one.update(ended_at=timezone.now(), ended_because=because):
            outbox.emit(AccessChanged(member_id=sign_in.user_id))


def end_all(user: User, *, because: str) -> int:
    """Revoke all sign-ins of a user; returns how many were open."""
    with transaction.atomic():
        open_ones = SignIn.objects.filter(user=user, ended_at__isnull=True)
        if ended := open_ones.update(ended_at=timezone.now(), ended_because=because):
            outbox.emit(AccessChanged(member_id=user.pk))
    return ended
