"""Reads: a member's own apps, the apps that may act for them, and whose a token is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from allauth.idp.oidc.models import Client, Token
from django.db.models import QuerySet

from apps.accounts.models import Scope, User
from apps.core.errors import NotFound


@dataclass(frozen=True)
class Connection:
    """An app that may act for a member, what it may do, and since when."""

    app: Client
    scopes: list[str]
    since: dt.datetime

    @property
    def in_words(self) -> list[str]:
        """The scopes as people read them."""
        return Scope.in_words(self.scopes)


def apps_of(*, owner: User) -> QuerySet[Client]:
    """The apps that a member has registered, newest first."""
    return Client.objects.filter(owner=owner).order_by("-created_at")


def app_of(*, owner: User, pk: str) -> Client:
    """One of the apps that a member has registered. Raises NotFound."""
    found = Client.objects.filter(owner=owner, pk=pk).first()
    if found is None:
        raise NotFound
    return found


def connections(*, user: User) -> list[Connection]:
    """The apps that may act for a member, latest first; one query."""
    tokens = Token.objects.valid().filter(user=user, client__isnull=False).select_related("client")
    found: dict[str, Connection] = {}
    for token in tokens.order_by("-created_at"):
        known = found.get(token.client_id)
        scopes = {*token.get_scopes(), *(known.scopes if known else ())}
        since = min(token.created_at, known.since) if known else token.created_at
        found[token.client_id] = Connection(token.client, [each for each in Scope.values if each in scopes], since)
    return list(found.values())


def connected_app(*, user: User, pk: str) -> Client:
    """An app that may act for a member. Raises NotFound."""
    found = Client.objects.filter(pk=pk, token__user=user).first()
    if found is None:
        raise NotFound
    return found


def access_of(text: str) -> Token | None:
    """The access token with its user, if it is good."""
    good = Token.objects.valid().by_value(text).filter(type=Token.Type.ACCESS_TOKEN, user__is_active=True)
    return good.select_related("user").first()
